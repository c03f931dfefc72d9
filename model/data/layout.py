"""Where the files of a clip lie on disk: AVSBench's folders, and those that the released code adds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from model.config import Task

SUBSET_FOLDERS: dict[Task, Path] = {
    "s4": Path("AVSBench_object", "Single-source"),
    "ms3": Path("AVSBench_object", "Multi-sources"),
    "avss": Path("AVSBench_semantic"),
}
INDEX_FILES: dict[Task, str] = {"s4": "s4_meta_data.csv", "ms3": "ms3_meta_data.csv", "avss": "metadata.csv"}
SPLITS = ("train", "val", "test")
AVSS_SECONDS = {"v1s": 5, "v1m": 5, "v2": 10}
AUTHORS_MASKIGES = "pre_SAM_mask"
"""Folder of the published Maskiges."""
PUBLISHED_PROPOSERS = ("semantic-sam", "synthetic")
"""Proposers whose Maskiges lie where the authors put theirs; synthetic data stand in the authors' place."""
PREPARED = "processed_"
"""Begins the names of the folders that AVSS pictures of the network's size lie in."""
AVSS_AUDIO_EXAMPLES = 10
"""Rows of every AVSS log-mel file, zeros after the last second of sound."""


@dataclass(frozen=True)
class IndexEntry:
    """One row of a subset's index file."""

    name: str
    category: str
    """S4: the sounding category; AVSS: the subset v1s, v1m or v2; MS3: empty."""
    split: str
    row: int = field(default=0, compare=False)
    """Its place in the file, from 0."""


@dataclass(frozen=True)
class ClipFiles:
    """The files that the loader reads for one clip."""

    frames: tuple[Path, ...]
    maskiges: tuple[Path, ...]
    masks: tuple[Path, ...]
    """One per annotated frame; AVSS: class ids, otherwise 0 or 255."""
    annotated: tuple[bool, ...]
    log_mel: Path
    wav: Path


def clip_files(task: Task, root: Path, entry: IndexEntry, proposer: str | None = "semantic-sam") -> ClipFiles:
    """Paths of a clip below the subset root, whether or not they exist.

    Args:
        task: which subset.
        root: of the subset.
        entry: the clip.
        proposer: whose Maskiges; None leaves them out.
    """
    if proposer is None:
        return replace(clip_files(task, root, entry), maskiges=())
    maskiges = maskige_folder(proposer)
    if task == "s4":
        return _s4_files(root / "s4_data", entry, maskiges)
    if task == "ms3":
        return _ms3_files(root / "ms3_data", entry, maskiges)
    return _avss_files(root, entry, maskiges)


def maskige_folder(proposer: str) -> str:
    """Name of the folder that holds a proposer's Maskiges."""
    return AUTHORS_MASKIGES if proposer in PUBLISHED_PROPOSERS else f"pre_{proposer}_mask"


def maskige_root(task: Task, root: Path, proposer: str) -> Path:
    """Folder below a subset root that holds all Maskiges of a proposer."""
    return (root if task == "avss" else root / f"{task}_data") / maskige_folder(proposer)


def avss_clip_folder(root: Path, entry: IndexEntry) -> Path:
    """Folder of an AVSS clip."""
    return root / entry.category / entry.name


def released_picture(prepared: Path) -> Path:
    """What an AVSS frame or label is prepared from: `processed_frames/0.jpg` from `frames/0.jpg`."""
    return prepared.parent.with_name(prepared.parent.name.removeprefix(PREPARED)) / prepared.name


def released_colours(prepared: Path) -> Path:
    """The same label in the colours of `avss_classes`, where the release has no class ids."""
    return prepared.parent.with_name("labels_rgb") / prepared.name


def _s4_files(data: Path, entry: IndexEntry, maskiges: str) -> ClipFiles:
    seconds = range(1, 6)
    group = Path(entry.split, entry.category)
    frames, coloured, masks = (data / kind / group / entry.name for kind in ("visual_frames", maskiges, "gt_masks"))
    annotated = tuple(k == 1 or entry.split != "train" for k in seconds)
    return ClipFiles(
        frames=tuple(frames / f"{entry.name}_{k}.png" for k in seconds),
        maskiges=tuple(coloured / f"{entry.name}_{k}_mask_color.png" for k in seconds),
        masks=tuple(
            masks / f"{entry.name}_{k}.png" for k, has_mask in zip(seconds, annotated, strict=True) if has_mask
        ),
        annotated=annotated,
        log_mel=data / "audio_log_mel" / group / f"{entry.name}.pkl",
        wav=data / "audio_wav" / group / f"{entry.name}.wav",
    )


def _ms3_files(data: Path, entry: IndexEntry, maskiges: str) -> ClipFiles:
    seconds = range(1, 6)
    name = entry.name
    frames, coloured = data / "visual_frames" / name, data / maskiges / name
    masks = data / "gt_masks" / entry.split / name
    return ClipFiles(
        frames=tuple(frames / f"{name}.mp4_{k}.png" for k in seconds),
        maskiges=tuple(coloured / f"{name}.mp4_{k}_mask_color.png" for k in seconds),
        masks=tuple(masks / f"{name}_{k}.png" for k in seconds),
        annotated=(True,) * len(seconds),
        log_mel=data / "audio_log_mel" / entry.split / f"{name}.pkl",
        wav=data / "audio_wav" / entry.split / f"{name}.wav",
    )


def _avss_files(root: Path, entry: IndexEntry, maskiges: str) -> ClipFiles:
    seconds = range(AVSS_SECONDS[entry.category])
    clip = avss_clip_folder(root, entry)
    frames, labels = clip / "processed_frames", clip / "processed_labels_semantic"
    coloured = root / maskiges / "AVSBench_semantic" / entry.category / entry.name / "processed_frames"
    first_only = entry.category == "v1s" and entry.split == "train"
    annotated = tuple(k == 0 or not first_only for k in seconds)
    return ClipFiles(
        frames=tuple(frames / f"{k}.jpg" for k in seconds),
        maskiges=tuple(coloured / f"{k}_mask_color.png" for k in seconds),
        masks=tuple(labels / f"{k}.png" for k, has_label in zip(seconds, annotated, strict=True) if has_label),
        annotated=annotated,
        log_mel=clip / "audio.pkl",
        wav=clip / "audio.wav",
    )
