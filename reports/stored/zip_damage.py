"""The errors that reading a damaged zip raises; they have no common base class."""

from __future__ import annotations

import lzma
import zipfile
import zlib

ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, ValueError, RuntimeError)
"""Apart from OSError. Changed bytes may claim another compression, encryption, or other members than there are."""
