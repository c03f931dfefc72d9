"""The data set's score follows from what is stored of its clips, and files that cannot be trusted say so."""

import io
from contextlib import suppress
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from experiments.errors import InputError
from experiments.records import SCORES_FILE
from model.metrics.protocol import BinaryProtocol, PoolFreeBinaryProtocol, SemanticProtocol
from model.metrics.rules import POOL_FREE_BINARY, SEMANTIC
from orchestrator.store.stored_documents import score_bytes
from orchestrator.trial.provenance import protocol_record
from reports.stored.scores import read_clip_scores

CLIPS = 25


@cache
def scored(protocol, classes, seed=0):
    """Clip scores of random predictions in no order, and the data set's score, as evaluations make them."""
    generator = torch.Generator().manual_seed(seed)
    outcomes = []
    for clip in range(CLIPS):
        # Few classes in each clip, and some in none at all.
        labels = torch.randint(0, min(classes, 4), (5, 12, 12), generator=generator) * (clip % 3)
        scores = torch.randn(5, classes, 12, 12, generator=generator)
        outcomes.append(protocol.score_clip(scores, labels.clamp(max=classes - 1), f"clip-{clip * 7 % CLIPS}", "dog"))
    return [clip for clip, _ in outcomes], protocol.dataset_score([totals for _, totals in outcomes])


def stored(folder, clips):
    folder.mkdir(exist_ok=True)
    (folder / SCORES_FILE).write_bytes(score_bytes(clips))
    return folder


def rewritten(folder, change):
    path = folder / SCORES_FILE
    pq.write_table(change(pq.read_table(path)), path)
    return folder


def with_column(name, values):
    return lambda table: table.set_column(table.column_names.index(name), name, pa.array(values))


@pytest.mark.parametrize(("protocol", "classes"), [(BinaryProtocol(), 2), (SemanticProtocol(), 71)])
def test_the_data_sets_score_follows_to_the_last_bit(protocol, classes, tmp_path):
    for seed in range(3):
        clips, score = scored(protocol, classes, seed)
        found = read_clip_scores(stored(tmp_path / "trial", clips))
        assert found.dataset_score(protocol_record(protocol.rules, "test")) == (score.m_j, score.m_f)


def test_clips_come_in_the_order_of_their_names_with_their_own_scores(tmp_path):
    clips, _ = scored(SemanticProtocol(), 71)
    found = read_clip_scores(stored(tmp_path / "trial", clips))
    expected = sorted(clips, key=lambda clip: clip.clip)
    assert found.names == tuple(("dog", clip.clip) for clip in expected)
    assert found.m_j.tolist() == [clip.m_j for clip in expected]
    terms = found.terms("m_f", protocol_record(SEMANTIC, "test"))
    assert terms.values.sum(1) == pytest.approx([sum(one.f_sum for one in clip.classes) for clip in expected])
    assert terms.counts.sum(1).tolist() == [sum(one.frames for one in clip.classes) for clip in expected]


def test_f_with_one_threshold_for_the_whole_split_does_not_follow_from_clips(tmp_path):
    clips, score = scored(PoolFreeBinaryProtocol(), 2)
    found = read_clip_scores(stored(tmp_path / "trial", clips))
    protocol = protocol_record(POOL_FREE_BINARY, "test")
    assert found.terms("m_j", protocol).score == score.m_j
    with pytest.raises(InputError, match=r"M_F under avsbench-binary-dataset@1 \(test\) does not follow from single"):
        found.terms("m_f", protocol)


def test_files_from_before_per_class_scores_were_kept_are_told_apart(tmp_path):
    for change in (lambda table: table.drop_columns(["classes"]), with_column("classes", [None] * CLIPS)):
        clips, _ = scored(SemanticProtocol(), 71)
        found = read_clip_scores(rewritten(stored(tmp_path / "trial", clips), change))
        assert found.m_j.shape == (CLIPS,)
        with pytest.raises(InputError, match=r"trial/scores.parquet: was stored before per-class scores were kept"):
            found.dataset_score(protocol_record(SEMANTIC, "test"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.drop_columns(["m_j"]), "has no column 'm_j'"),
        (lambda table: table.slice(0, 0), "holds no clips"),
        (lambda table: pa.concat_tables([table, table]), "holds a clip twice"),
        (with_column("m_j", [None, *[0.5] * (CLIPS - 1)]), "lacks values"),
        (with_column("m_f", [1.5] * CLIPS), r"holds scores outside \[0, 1\]"),
        (with_column("m_f", [float("nan")] * CLIPS), r"holds scores outside \[0, 1\]"),
        (with_column("m_f", ["high"] * CLIPS), "holds other things than scores"),
        (with_column("classes", [[0.5]] * CLIPS), "holds other things than scores"),
        (with_column("classes", [[{"id": 0, "frames": 5}]] * CLIPS), "holds other things than scores"),
        (
            with_column("classes", [[{"id": 71, "j_sum": 1.0, "f_sum": 1.0, "frames": 5}]] * CLIPS),
            "holds classes outside 0 to 70",
        ),
        (
            with_column("classes", [[{"id": 3, "j_sum": 1.0, "f_sum": 1.0, "frames": 5}] * 2] * CLIPS),
            "holds a class of a clip twice",
        ),
        (
            with_column("classes", [[{"id": 3, "j_sum": 6.0, "f_sum": 1.0, "frames": 5}]] * CLIPS),
            "holds sums of a class that its frames cannot give",
        ),
    ],
)
def test_what_no_evaluation_writes_is_refused_with_the_file_and_the_reason(change, said, tmp_path):
    clips, _ = scored(SemanticProtocol(), 71)
    with pytest.raises(InputError, match=f"trial/scores.parquet: {said}"):
        read_clip_scores(rewritten(stored(tmp_path / "trial", clips), change))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\x80\x04K\x01.", b"x" * 5000])
def test_a_damaged_file_is_refused(content, tmp_path):
    folder = stored(tmp_path / "trial", [])
    (folder / SCORES_FILE).write_bytes(content)
    with pytest.raises(InputError, match=r"trial/scores.parquet: is damaged: "):
        read_clip_scores(folder)


def test_a_flipped_byte_never_crashes(tmp_path):
    clips, _ = scored(SemanticProtocol(), 71)
    folder = stored(tmp_path / "trial", clips)
    content = (folder / SCORES_FILE).read_bytes()
    for place in range(0, len(content), 23):
        changed = bytearray(content)
        changed[place] ^= 0x55
        (folder / SCORES_FILE).write_bytes(bytes(changed))
        with suppress(InputError):
            read_clip_scores(folder)


@pytest.mark.parametrize("name", [b"clip-0", b"category"])
def test_names_that_are_no_text_are_refused(name, tmp_path):
    folder = stored(tmp_path / "trial", scored(BinaryProtocol(), 2)[0])
    path = folder / SCORES_FILE
    pq.write_table(pq.read_table(path), path, compression="none")
    path.write_bytes(path.read_bytes().replace(name, b"\xff" + name[1:]))
    with pytest.raises(InputError, match=r"trial/scores.parquet: is damaged: it holds names that are no UTF-8"):
        read_clip_scores(folder)


def test_a_missing_file_is_a_problem(tmp_path):
    with pytest.raises(InputError, match=r"trial/scores.parquet: is missing"):
        read_clip_scores(tmp_path / "trial")


def test_the_stored_form_has_the_same_columns_for_all_tasks():
    tables = [
        pq.read_table(io.BytesIO(score_bytes(scored(protocol, classes)[0])))
        for protocol, classes in ((BinaryProtocol(), 2), (SemanticProtocol(), 71))
    ]
    assert tables[0].schema == tables[1].schema
    assert tables[0].column("classes").null_count == CLIPS
