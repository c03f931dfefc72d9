"""Keys and shapes of the authors' state dicts of AVS-BiGen."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

from official_states import Shapes

LISTS = Path(__file__).parent.parent / "golden" / "bigen_state_dicts.json.gz"


@cache
def official_shapes(network: str) -> Shapes:
    """Key to shape in the order of the file, of `r50`, `pvt`, `r50_asppneck` or `pvt_asppneck`."""
    lists: dict[str, Shapes] = json.loads(gzip.decompress(LISTS.read_bytes()))
    return lists[network]
