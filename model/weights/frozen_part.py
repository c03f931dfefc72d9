"""What training never changes, such as VGGish: stored once, by content, beside the training states that refer to it.

checkpoints/frozen-1f0c3b5d7e9a2c4d/   tensors and their manifest
checkpoints/step-00000200/             whose manifest names that folder
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from torch import Tensor

from model.interface import Network
from model.manifest import WEIGHTS_FILE, frozen_name, read_manifest
from model.weights.folder import damaged_file, write_folder


class FrozenPart:
    """The frozen tensors of a network; none if it has no frozen audio encoder.

    Args:
        model: that encoder has its weights already, and keeps them.
    """

    def __init__(self, model: Network) -> None:
        encoder = model.frozen_audio_encoder
        places = tuple(f"{name}." for name, module in model.named_modules() if module is encoder)
        self.tensors: Mapping[str, Tensor] = {
            name: tensor.cpu() for name, tensor in model.state_dict().items() if name.startswith(places)
        }
        """By their names in the network; on the host, so that a GPU that trains is not asked for them later."""
        self._was_read = False

    @cached_property
    def name(self) -> str:
        """The folder that they are stored in, by their content."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.tensors.items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.numpy().tobytes())
        return frozen_name(digest.hexdigest())

    def stored(self, root: Path) -> Path | None:
        """Where they are below `root`, stored there if they were not; None if there are none.

        Raises:
            OSError: they cannot be written.
        """
        if not self.tensors:
            return None
        folder = root / self.name
        # Read as a whole once: hundreds of megabytes are not read again for every training state.
        if not folder.is_dir() or (not self._was_read and damaged_file(folder) is not None):
            write_folder(folder, {WEIGHTS_FILE: self.tensors}, {}, replace=True)
        self._was_read = True
        return folder


def mend_frozen(model: Network, root: Path) -> None:
    """Stores anew what is absent or damaged of the frozen tensors below `root`, if it is those that a network has.

    All training states hang on them, and they can be had again from the file that they came from.

    Args:
        model: with the frozen weights that a file gave it.
        root: of training states.
    """
    folders = list(root.iterdir()) if root.is_dir() else []
    wanted = {manifest.get("frozen") for folder in folders if (manifest := read_manifest(folder)) is not None}
    if wanted - {None} and (part := FrozenPart(model)).name in wanted:
        part.stored(root)
