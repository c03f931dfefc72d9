"""What a file is that should hold weights, by how it begins. Its name says nothing: anything is called `.pth`."""

from __future__ import annotations

import re

BEGINNING = 1024
"""Bytes that tell."""

_UNPACK = "unpack it and name the file of weights in it"
_SERVER = "as servers send in place of a file that they do not give: download the file itself, in a browser if need be"
_FOREIGN_KINDS = (
    (rb"version https://git-lfs", "is a Git LFS pointer, not the weights themselves: fetch them with 'git lfs pull'"),
    (rb"<(.*<)?(!doctype\s+html|html|head|body)\b", f"is a web page, {_SERVER}"),
    (rb"<\?xml\b", f"is an XML document, {_SERVER}"),
    (rb"[{\[]\s*[\"{]", "is a JSON document: name the file of weights itself, such as model.safetensors"),
    (rb"\x1f\x8b", f"is packed with gzip: {_UNPACK}"),
    (rb"BZh\d", f"is packed with bzip2: {_UNPACK}"),
    (rb"\xfd7zXZ\0", f"is packed with xz: {_UNPACK}"),
    (rb"\x28\xb5\x2f\xfd", f"is packed with zstd: {_UNPACK}"),
    (rb"7z\xbc\xaf\x27\x1c", f"is a 7z archive: {_UNPACK}"),
    (rb"Rar!\x1a\x07", f"is a rar archive: {_UNPACK}"),
    (rb".{257}ustar", f"is a tar archive: {_UNPACK}"),
    (rb"\x89HDF\r\n", "is an HDF5 file, as Keras writes weights: name a file of PyTorch's, or safetensors"),
    (rb"\x93NUMPY", "is one numpy array without a name: name a file with all tensors by name"),
)


def foreign_kind(beginning: bytes) -> str | None:
    """What the file is and what to do, if it is something else than weights; None if it may be weights.

    Args:
        beginning: the first `BEGINNING` bytes of the file, or all if there are fewer.
    """
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    for pattern, told in _FOREIGN_KINDS:
        if any(re.match(pattern, start, re.DOTALL | re.IGNORECASE) for start in (beginning, text)):
            return told
    return None


def is_zip(beginning: bytes) -> bool:
    """Whether it is a zip archive, as PyTorch has written its files since 1.6."""
    return beginning.startswith(b"PK\x03\x04")


def is_safetensors(beginning: bytes, size: int) -> bool:
    """Whether a file of that size is safetensors: the length of a JSON object, and its brace."""
    return beginning[8:9] == b"{" and int.from_bytes(beginning[:8], "little") <= size - 8
