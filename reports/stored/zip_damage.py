"""What reading a damaged zip raises, as its modules have no error in common."""

from __future__ import annotations

import lzma
import zipfile
import zlib

ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, KeyError, ValueError, RuntimeError)
"""Apart from OSError. Changed bytes may claim another compression, encryption, or other members than there are."""
