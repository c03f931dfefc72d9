"""The files of a user's own that a word of a command line stands for, as a bundle keeps them."""

from __future__ import annotations

from pathlib import Path

from experiments.papers import is_paper, paper_around


def own_files_behind(word: str) -> tuple[str, dict[str, Path]]:
    """What a word is called in a bundle, and the files that it stands for by their names there.

    A file of a paper, or its folder, stands for the whole paper, whose folder keeps its name. What ships, and any other
    word, stands for no file.

    Raises:
        InputError: mistakes in the paper's `paper.yaml`.
    """
    path = Path(word).resolve()
    if "=" in word or not (is_paper(path) or (path.suffix in (".yaml", ".yml") and path.is_file())):
        return word, {}
    paper = paper_around(path if is_paper(path) else path.parent)
    if paper is None:
        return path.name, {path.name: path}
    if paper.ships:
        return word, {}
    root = paper.folder.parent
    return str(path.relative_to(root)), {str(one.relative_to(root)): one for one in paper.files()}
