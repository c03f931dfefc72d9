"""The papers' figures from stored predictions and samples of the data."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from fake_storage import FINGERPRINT, make_experiment
from predicted_clips import clip_prediction, store_prediction

from experiments.expand import expand
from experiments.figure_schema import FigureFile, Shown
from experiments.figures import load_figures
from experiments.prediction_record import ShownClass
from model.data.maskige import ade20k_palette
from reports.drawing.kept_drawings import keeping_drawings
from reports.figures.clip_blocks import heat_block
from reports.figures.clip_pictures import coloured, heated, neighbour_cosines, stretched
from reports.figures.figure_inputs import Asked, FigureInputs, Missing, Sample
from reports.figures.paper_figures import build_paper_figures, predicting_trials
from reports.figures.shown_predictions import shown_clips
from reports.stored.results import read_results
from tests.own_papers import shipped

EXPERIMENT = "combo/table7"
ROWS = [{"variant": "lambda-0", "label": "w/o $\\mathcal{L}_{ada}$"}, {"variant": "lambda-10", "label": "with"}]
SAMPLE = Sample(
    clip="clip",
    category="v1m",
    frames=np.full((5, 12, 12, 3), 90, dtype=np.uint8),
    truth=np.eye(12, dtype=np.uint8)[None].repeat(5, axis=0),
    classes=(ShownClass(id=1, name="cello", colour=(128, 0, 0)),),
    sound=np.zeros((0, 2), dtype=np.int16),
    sound_rate=200,
    maskiges={"sam": np.full((5, 12, 12, 3), 30, dtype=np.uint8)},
)


def heat_maps(**clips):
    return {
        "number": "4",
        "kind": "heat_maps",
        "title": "Heat",
        "caption": "Maps.",
        "trained": {"experiment": EXPERIMENT, "task": "s4", "clips": clips},
        "rows": ROWS,
    }


@pytest.fixture
def pair(storage, trials):
    """The finished trials of the two rows, each with two clips."""
    chosen = [trial for trial in trials if trial.variant in ("lambda-0", "lambda-10") and trial.task == "s4"]
    for trial in chosen:
        storage.finish(trial, 0.6, 0.7)
        for rank, clip in enumerate(("clip-0", "clip-1")):
            store_prediction(storage.root, trial, clip_prediction(clip), rank)
    return chosen


@pytest.fixture
def build(storage, scaled, trials):
    """Builds one figure, with samples of S4 and none of MS3."""

    def built(figure, asked=None):
        file = FigureFile.model_validate({"figures": [figure]})
        samples = {Shown(task="s4"): [SAMPLE], Shown(task="ms3"): Missing("no MS3 data")}
        inputs = FigureInputs({EXPERIMENT: asked or Asked(scaled, trials)}, samples, ade20k_palette())
        (only,) = build_paper_figures(shipped("combo"), file.figures, inputs, read_results(storage.root, None))
        return only

    return built


def test_neighbouring_maps_are_compared_by_the_cosine_between_them():
    masks = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]], dtype=np.float16)
    cosines = neighbour_cosines(masks.reshape(5, 2, 2))

    assert cosines[:3] == pytest.approx((0.5**0.5, 1, 0))
    assert cosines[3] is None


def test_classes_have_their_colours_and_objects_without_classes_are_white():
    ids = np.zeros((1, 240, 240), dtype=np.uint8)
    ids[0, 40:200, 40:200] = 7
    ids[0, 0, 0] = 255
    tuba = ShownClass(id=7, name="tuba", colour=(32, 0, 0))

    assert coloured(ids, ())[0, 100, 100].tolist() == [255, 255, 255]
    picture = coloured(ids, (tuba,))[0]
    assert [picture[place].tolist() for place in ((100, 100), (40, 40), (20, 20))] == [[32, 0, 0], [255] * 3, [0] * 3]
    assert picture[0, 0].tolist() not in ([0, 0, 0], [255, 255, 255])


def test_heat_is_brighter_where_more_of_the_scores_is_not_background():
    frames = np.full((1, 1, 3, 3), 100, dtype=np.uint8)
    brightness = heated(frames, np.array([[[0, 0.5, 1]]], dtype=np.float16)).sum(axis=3)[0, 0]
    assert brightness[0] < brightness[1] < brightness[2]


def test_a_heat_map_figure_is_drawn_in_all_formats_and_says_what_it_shows(build, pair):
    figure = build(heat_maps())

    assert (figure.slug, figure.missing) == ("combo-figure4", "")
    assert ElementTree.fromstring(figure.plot.svg).tag.endswith("svg")
    assert figure.plot.pdf.startswith(b"%PDF-")
    assert figure.plot.png.startswith(b"\x89PNG")
    for said in ("clip-0 50.0 and 50.0", "seed 0", "is clip 1 of the test split", "0.968 0.936 0.919 0.975", "0.980"):
        assert said in figure.caption
    assert all(trial.key in figure.caption for trial in pair)
    assert make_experiment().settings.note in figure.caption


@pytest.mark.usefixtures("pair")
def test_the_numbers_between_frames_are_the_cosines_of_the_stored_maps(storage, scaled, trials):
    file = FigureFile.model_validate({"figures": [heat_maps()]})
    results = read_results(storage.root, None)
    (clip,) = shown_clips(file.figures[0].trained, file.figures[0].rows, Asked(scaled, trials), results)
    frames, *rows = heat_block(clip, file.figures[0].rows).rows

    # Squares of 36 pixels that move by one of their six columns share five sixths.
    assert [row.numbers for row in rows if row.label == "cosine"] == [("0.833",) * 4] * 2
    assert np.array_equal(frames.pixels, clip_prediction().frames)


@pytest.mark.usefixtures("pair")
def test_drawing_again_gives_the_same_bytes(build):
    first = build(heat_maps(count=2)).plot.files  # perhaps drawn by another process
    with keeping_drawings(None):
        assert build(heat_maps(count=2)).plot.files == first


def test_a_figure_without_its_trials_says_what_to_run(build, storage, trials):
    storage.finish(trials[0], 0.6, 0.7)
    figure = build(heat_maps())

    assert figure.plot is None
    assert figure.missing == (
        "lambda-10 has no finished trial on S4; to train it: combo run combo/table7 --scale small"
    )


def test_the_command_that_trains_a_row_repeats_what_the_report_was_asked_for(build, trials):
    asked = Asked(replace(make_experiment(), assigned={"seeds": [0, 1], "training.precision": "float32"}), trials)
    assert build(heat_maps(), asked).missing.endswith(
        "combo run combo/table7 'seeds=[0, 1]' 'training.precision=\"float32\"' --scale small"
    )


def test_a_trial_without_predictions_is_named_with_the_command_that_makes_them(build, pair, storage):
    for path in (storage.folder(pair[1]) / "predictions").iterdir():
        path.unlink()
    said = build(heat_maps()).missing
    assert said.startswith(f"trial {pair[1].key} has not stored its predictions")
    assert said.endswith(f"to make them: combo report clips {pair[1].key}")


def test_a_damaged_prediction_is_named_where_it_is_missed(build, pair, storage):
    for path in (storage.folder(pair[1]) / "predictions").iterdir():
        path.write_bytes(b"no zip")
    assert "predictions/clip-0-" in build(heat_maps()).missing
    assert "is damaged" in build(heat_maps()).missing


def test_a_damaged_prediction_moves_no_other_clip_into_its_place(build, pair, storage):
    for trial in pair:
        (path,) = (storage.folder(trial) / "predictions").glob("clip-0-*")
        path.write_bytes(b"no zip")
    said = build(heat_maps()).missing
    assert said.count("clip-0-") == 2
    assert f"trial {pair[0].key} has not stored its predictions of clip 1; to make them: combo report clips " in said

    caption = build(heat_maps(after=1)).caption
    assert "clip-1 50.0 and 50.0" in caption
    assert "is clip 2 of the test split" in caption
    assert caption.count("is damaged") == 2


def test_a_clip_that_was_asked_for_by_name_keeps_its_place_where_another_row_knows_it(build, pair, storage):
    store_prediction(storage.root, pair[0], clip_prediction("clip-0"), rule="by-id")
    assert "clip-0 50.0 and 50.0" in build(heat_maps()).caption

    store_prediction(storage.root, pair[1], clip_prediction("clip-0"), rule="by-id")
    assert build(heat_maps(count=2)).missing == (
        f"trial {pair[0].key} has not stored its predictions of clip 1; to make them: combo report clips {pair[0].key}"
    )


def test_clips_of_one_name_in_two_categories_are_missed_one_by_one(build, pair, storage):
    for trial in pair:
        other = store_prediction(storage.root, trial, clip_prediction("clip-1", category="cat"), rule="by-id")
    other.unlink()
    assert f"trial {pair[1].key} has not stored" in build(heat_maps(ids=["clip-1"])).missing


def test_clips_are_shown_by_name_where_names_are_given(build, pair):
    caption = build(heat_maps(ids=["clip-1"])).caption
    assert "clip-1 50.0 and 50.0" in caption
    assert "chosen by name" in caption
    assert f"combo report clips {pair[0].key} --clip 'clip 9'" in build(heat_maps(ids=["clip 9"])).missing


@pytest.mark.usefixtures("pair")
def test_clips_of_another_figure_are_passed_over(build):
    caption = build(heat_maps(count=4, after=1)).caption
    assert "clip-0" not in caption
    assert "is clip 2 of the test split" in caption
    assert build(heat_maps(after=2)).missing == "it shows clips after the first 2, and 2 are predicted"


def test_rows_are_trials_of_one_seed_on_one_data_set(storage, build):
    scaled = make_experiment(seeds=(0, 1, 2))
    pair = [trial for trial in expand(scaled) if trial.variant in ("lambda-0", "lambda-10") and trial.task == "s4"]
    asked = Asked(scaled, pair)
    for trial in pair:
        data = "e" * 16 if trial.variant == "lambda-10" and trial.seed == 0 else FINGERPRINT
        bound = trial.on_data(data)
        storage.finish(bound, 0.6, 0.7)
        store_prediction(storage.root, bound, clip_prediction())
    assert "seed 1:" in build(heat_maps(), asked).caption

    for trial in pair:
        storage.finish(trial.on_data("e" * 16), 0.6, 0.7)
    assert (
        build(heat_maps(), asked).missing
        == "combo/table7 is finished on several data sets; name one of them with --data"
    )


def test_only_the_trials_that_a_figure_shows_are_looked_at(pair, storage, scaled, trials):
    file = FigureFile.model_validate({"figures": [heat_maps()]})
    inputs = FigureInputs({EXPERIMENT: Asked(scaled, trials)}, {}, ade20k_palette())
    for trial in trials:
        storage.finish(trial, 0.6, 0.7)
    assert predicting_trials(file.figures, inputs, read_results(storage.root, None)) == [trial.key for trial in pair]


@pytest.mark.usefixtures("pair")
def test_a_comparison_shows_the_blocks_that_there_are_and_names_the_others(build):
    block = {"experiment": EXPERIMENT, "task": "s4"}
    blocks = [block, {"experiment": EXPERIMENT, "task": "avss"}]
    figure = {"number": "5", "kind": "comparison", "title": "T", "caption": "C.", "blocks": blocks, "rows": ROWS}
    shown = build(figure)

    assert shown.plot is not None
    assert "Not shown: lambda-0 has no finished trial on AVSS" in shown.caption
    assert build(figure | {"blocks": blocks[1:]}).missing.startswith("lambda-0 has no finished trial on AVSS")


def test_an_experiment_without_the_scale_is_a_reason(build):
    assert build(heat_maps(), Missing("has no scale 'demo'")).missing == "has no scale 'demo'"


def test_samples_are_drawn_without_any_trial_and_proposers_that_are_missing_are_named(build):
    tasks = [{"task": "s4"}, {"task": "ms3"}]
    rows = [{"proposer": "sam", "label": "SAM"}, {"proposer": "mobile-sam", "label": "MobileSAM"}]
    common = {"title": "T", "caption": "C.", "samples": tasks}
    maskiges = build(common | {"number": "IV", "kind": "maskiges", "proposers": rows})

    assert maskiges.plot is not None
    assert "no Maskiges of MobileSAM" in maskiges.caption
    assert "Not shown: no MS3 data." in maskiges.caption
    assert build(common | {"number": "I", "kind": "sub_tasks"}).plot is not None
    nothing = build(common | {"number": "I", "kind": "sub_tasks", "samples": tasks[1:]})
    assert (nothing.plot, nothing.missing) == (None, "no MS3 data")
    assert build(common | {"number": "IV", "kind": "maskiges", "proposers": rows[1:]}).plot is None


def attention_maps(**row):
    rows = [{"variant": "lambda-0", "map": "gate-1", "label": "gate"} | row]
    return heat_maps() | {"number": "6", "kind": "attention_maps", "rows": rows}


def test_attention_is_stretched_to_its_range_and_enlarged():
    maps = np.zeros((2, 2, 2), dtype=np.float16) + np.float16(0.5)
    maps[1, 0, 0] = 0.75
    shown = stretched(maps, 8, 8)
    assert shown.shape == (2, 8, 8)
    assert (shown[0].max(), shown[1, 0, 0], shown[1, 7, 7]) == (0, 1, 0)
    assert 0 < shown[1, 3, 3] < 1
    assert stretched(maps[:1], 4, 4).max() == 0


def test_attention_is_drawn_with_its_range_and_a_map_that_is_not_there_is_named(build, pair, storage):
    maps = np.linspace(0.5, 0.75, 5 * 4, dtype=np.float16).reshape(5, 2, 2)
    store_prediction(storage.root, pair[0], clip_prediction("clip-0", attention={"gate-1": maps}))

    figure = build(attention_maps())
    assert (figure.missing, figure.plot is None) == ("", False)
    for said in ("gate 0.500 to 0.750", f"Trial on S4, seed 0: {pair[0].key}.", "clip-0 50.0."):
        assert said in figure.caption
    said = build(attention_maps(map="gate-2")).missing
    assert said == f"lambda-0 has no attention map 'gate-2' (trial {pair[0].key} has gate-1)"
    assert build(attention_maps(variant="lambda-10")).missing.endswith("has none)")


@pytest.mark.filterwarnings("error")
def test_names_of_any_kind_are_drawn_as_they_are(build, storage, trials):
    name = "<script>alert(1)</script> $x$ \\frac{1}{2} 犬 \x1b[31m & a name that is far too long for its place"
    for trial in trials:
        storage.finish(trial, 0.6, 0.7)
        store_prediction(storage.root, trial, clip_prediction(name, category=name))
    svg = build(heat_maps()).plot.svg
    ElementTree.fromstring(svg)
    assert "<script" not in svg


def test_every_figure_of_the_papers_is_defined_once():
    combo, bigen = load_figures(shipped("combo")), load_figures(shipped("avs-bigen"))
    assert [figure.number for figure in combo] == ["4", "5", "I", "III", "IV", "V"]
    assert [(one.number, one.kind) for one in bigen] == [("5", "comparison"), ("6", "attention_maps")]
