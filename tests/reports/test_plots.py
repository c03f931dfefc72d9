"""The plots beside a table: what they show, what they keep apart, and that they can stand on a page."""

import re
from dataclasses import replace

import numpy as np
import pytest
from fake_storage import FINGERPRINT, make_experiment
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from plot_checks import assert_fits_a_page, texts

from experiments.errors import InputError
from experiments.expand import expand
from experiments.load_experiment import load_experiment
from experiments.schema import FigureSpec, Scale
from reports.drawing.kept_drawings import keeping_drawings
from reports.plots.parameter_curve import parameter_curve
from reports.plots.point_labels import LabelledPoint, label_points
from reports.plots.published_methods import published_methods
from reports.plots.seed_bands import MOST_POINTS, band_of, points_of
from reports.plots.size_and_score import size_and_score
from reports.plots.table_plots import plots_of
from reports.stored.evaluations import Curve, Evaluation
from reports.stored.results import read_results
from reports.tables.table import build_table

HOSTILE = "_x $\\input{/etc/passwd}$ $\\frac{1}{2}$ $_$ </svg> --> \x1b[31m 日本 \u202e" + "long " * 40


def make_plots(scaled, storage, trials=None):
    """Plots by the last part of their names."""
    trials = bound(scaled) if trials is None else trials
    results = read_results(storage.root, None)
    plots = plots_of(scaled, trials, build_table(scaled, trials, results), results)
    return {plot.name.rpartition("-")[2]: plot for plot in plots}


def table_of(scaled, storage):
    """For tests of one plot, which spares them drawing the others."""
    return build_table(scaled, bound(scaled), read_results(storage.root, None))


def bound(scaled):
    return [trial.on_data(FINGERPRINT) for trial in expand(scaled)]


def at_full_scale(name, **changes):
    scaled = load_experiment(name)
    return replace(scaled, experiment=scaled.experiment.model_copy(update=changes))


def finish_all(scaled, storage):
    for index, trial in enumerate(bound(scaled)):
        storage.finish(trial, 0.8 + index / 500, 0.9 + index / 500)


def curve(*points):
    return Curve(tuple(Evaluation(step, m_j, None, 0.0) for step, m_j in points), ())


def test_seeds_become_their_mean_and_a_band_from_the_lowest_to_the_highest():
    seeds = [points_of(curve((10, low), (20, low + 10), (30, low + 20))) for low in (20.0, 26.0, 32.0)]
    band = band_of(seeds)
    assert band.mean.tolist() == [[10, 20, 30], [26, 36, 46]]
    assert (band.lowest.tolist(), band.highest.tolist()) == ([20, 30, 40], [32, 42, 52])
    assert band.tails == ()


def test_a_seed_that_goes_on_alone_is_no_mean_of_all():
    short, long = points_of(curve((10, 20.0), (20, 30.0))), points_of(curve((10, 40.0), (20, 50.0), (40, 60.0)))
    band = band_of([short, long])
    assert band.mean.tolist() == [[10, 20], [30, 40]]
    assert [tail.tolist() for tail in band.tails] == [[[20, 40], [50, 60]]]


def test_seeds_that_have_no_step_in_common_stay_single_lines():
    band = band_of([points_of(curve((10, 20.0))), points_of(curve((20, 30.0), (30, 40.0)))])
    assert band.mean.size == 0
    assert [tail.tolist() for tail in band.tails] == [[[10], [20]], [[20, 30], [30, 40]]]


def test_evaluations_that_are_no_percentage_are_passed_over():
    points = points_of(curve((10, float("nan")), (20, 30.0), (30, float("inf")), (10**400, 40.0), (50, 1e300)))
    assert points.tolist() == [[20], [30]]
    assert points_of(curve((10, float("nan")))) is None


def test_a_long_curve_is_thinned_to_real_evaluations_with_its_ends():
    values = np.random.default_rng(0).uniform(0, 100, 9_000).tolist()
    steps, scores = band_of([points_of(curve(*enumerate(values, start=1)))]).mean
    assert len(steps) == MOST_POINTS
    assert (steps[0], steps[-1]) == (1, 9_000)
    assert all(score == values[int(step) - 1] for step, score in zip(steps, scores, strict=True))


def test_the_legend_says_what_a_band_is_where_there_is_one(storage):
    told = "$\\lambda_{ada}$: lines are means over seeds, bands reach from the lowest seed to the highest"
    scaled = make_experiment(seeds=(0, 1), figure=None)
    trials = bound(scaled)
    storage.finish(trials[0], 0.6, 0.7)
    assert told not in texts(make_plots(scaled, storage)["learning"])
    storage.start(trials[1])
    assert told in texts(make_plots(scaled, storage)["learning"])


def test_runs_on_other_data_are_not_drawn_among_those_of_the_table(storage):
    scaled = make_experiment(figure=None)
    storage.finish(bound(scaled)[0].on_data("e" * 16), 0.6, 0.7)
    assert "learning" not in make_plots(scaled, storage)
    storage.finish(bound(scaled)[1], 0.6, 0.7)
    assert make_plots(scaled, storage)["learning"].description.endswith("on S4, for: 5.")


def test_a_small_network_never_shares_an_axis_with_the_paper(storage):
    scaled = make_experiment()
    finish_all(scaled, storage)
    plot = parameter_curve(scaled, bound(scaled), table_of(scaled, storage), "parameter")
    assert [text for text in texts(plot) if text.startswith("S4")] == [
        *["S4, measured"] * 2,
        *["S4, reported"] * 2,
    ]


def test_at_the_papers_scale_measured_stands_beside_reported_with_the_spread_of_its_seeds(storage):
    scaled = at_full_scale("combo/tableIII", tasks=["s4"], seeds=[0, 1, 2])
    finish_all(scaled, storage)
    shown = texts(parameter_curve(scaled, bound(scaled), table_of(scaled, storage), "parameter"))
    assert shown.count("S4, measured and reported") == 2
    assert {"measured here, ± sd over seeds", "reported by the paper", "100", "200", "300"} <= set(shown)


def test_an_experiment_without_results_shows_what_the_paper_reports(storage):
    plots = make_plots(load_experiment("bigen/table1"), storage)
    assert set(plots) == {"parameter"}
    assert {"S4, reported", "MS3, reported", "0.1", "0.5", "1", "1.5"} <= set(texts(plots["parameter"]))
    assert plots["parameter"].title == r"Score against $\eta$"


@pytest.mark.parametrize("key", ["model.fusion.mode", "model.fusion.nothing", "model"])
def test_a_figure_over_something_else_than_a_number_is_refused(storage, key):
    scaled = make_experiment(figure=FigureSpec(parameter=key, label="x"))
    with pytest.raises(InputError, match=rf"figure.parameter '{key}' is no number in variant 'lambda-0'"):
        make_plots(scaled, storage)


def test_scores_are_shown_over_parameters_where_the_table_has_both(storage):
    scaled = at_full_scale("combo/table4", tasks=["s4"])
    finish_all(scaled, storage)
    shown = texts(size_and_score(table_of(scaled, storage), "size"))
    assert shown.count("parameters (millions)") == 2
    assert shown.count("w. shared weights") == 4
    assert make_plots(load_experiment("bigen/table7"), storage) == {}


def test_labels_of_crowded_points_cover_neither_points_nor_each_other():
    figure = Figure(figsize=(6, 4))
    canvas, axes = FigureCanvasAgg(figure), figure.subplots()
    heights = np.random.default_rng(0).uniform(0, 1, (12, 2))
    points = [LabelledPoint(float(x), float(y), f"variant {index}", y, y) for index, (x, y) in enumerate(heights)]
    axes.set(xlim=(-0.3, 1.3), ylim=(-0.1, 1.1))
    figure.draw_without_rendering()
    label_points(axes, points)
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
    dots = axes.transData.transform([(point.x, point.y) for point in points])
    assert len(boxes) == 12
    assert not any(one.overlaps(other) for index, one in enumerate(boxes) for other in boxes[:index])
    assert not any(box.contains(*dot) for box in boxes for dot in dots)


def test_a_comparison_names_every_method_and_leaves_small_networks_out(storage):
    scaled = at_full_scale("combo/table2")
    finish_all(scaled, storage)
    shown = texts(published_methods(table_of(scaled, storage), "comparison"))
    assert {"Related tasks", "AOT, ResNet-50", "AVSegFormer, PVT-v2", "COMBO, PVT-v2", "measured here"} <= set(shown)

    smoke = load_experiment("combo/table2", "smoke")
    finish_all(smoke, storage)
    assert "measured here" not in texts(published_methods(table_of(smoke, storage), "comparison"))


def test_the_same_results_give_the_same_plots(storage):
    scaled = make_experiment(seeds=(0, 1))
    finish_all(scaled, storage)
    first = make_plots(scaled, storage)  # perhaps drawn by another process
    with keeping_drawings(None):
        second = make_plots(scaled, storage)
    assert list(first) == ["parameter", "learning"]
    assert [plot.files for plot in first.values()] == [plot.files for plot in second.values()]
    assert_fits_a_page(first.values())


def test_twelve_variants_with_any_labels_differ_and_stay_on_the_page(storage):
    variant = load_experiment("combo/table7").experiment.variants[0]
    variants = [
        variant.model_copy(
            update={
                "name": f"v-{index}",
                "label": f"{index} {HOSTILE}" if index % 2 else f"$N_q$ = {index}",
                "side": HOSTILE if index == 5 else "",
                "overrides": {"loss.lambda_ada": index},
                "reported": None,
            }
        )
        for index in range(12)
    ]
    scaled = make_experiment(variants=variants, scales={"small": Scale(tasks=["s4"], seeds=[0])})
    finish_all(scaled, storage)
    plots = make_plots(scaled, storage)
    assert_fits_a_page(plots.values())
    shown = [text for text in texts(plots["learning"]) if re.match(r"\d+ _x|\$N_q\$ = ", text)]
    assert len(set(shown)) == 12
    assert max(map(len, shown)) < 60


def test_a_plot_is_drawn_once_while_its_numbers_stay(storage, tmp_path):
    scaled = make_experiment(figure=None)
    finish_all(scaled, storage)
    kept = tmp_path / "kept"
    with keeping_drawings(kept):
        first = make_plots(scaled, storage)
        drawn = set(kept.iterdir())
        second = make_plots(scaled, storage)
    assert len(drawn) == len(first) == 1
    assert set(kept.iterdir()) == drawn
    assert [plot.files for plot in first.values()] == [plot.files for plot in second.values()]
