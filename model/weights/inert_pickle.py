"""Reads pickles without importing, calling or making anything that they ask for.

Every name in a pickle is answered by a function of ours from a table, or by a stand-in that remembers the name only. So
whatever lies beside the weights of a training checkpoint (settings, paths, histories, random states, objects of any
class) is passed over.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, ClassVar

CODE_MODULES = frozenset(
    ["os", "posix", "nt", "sys", "subprocess", "shutil", "socket", "importlib", "runpy", "pty", "ctypes", "commands"]
)
CODE_BUILTINS = frozenset(["eval", "exec", "execfile", "compile", "__import__", "open", "input", "breakpoint", "apply"])


class HostilePickleError(pickle.UnpicklingError):
    """A pickle asks for something that only running code needs. Nothing of it has run, but nobody should trust it."""

    def __init__(self, asked: str) -> None:
        super().__init__(asked)
        self.asked = asked


class StandIn(dict[Any, Any]):
    """Stands for an object that is not made; if the object is a mapping, with its entries."""

    __slots__ = ("asked",)

    def __init__(self, asked: str) -> None:
        """Stands for an object of the class `asked`, or for what the function of that name would return."""
        self.asked = asked

    def __call__(self, *_: Any) -> StandIn:
        """What a call of the object would return is not made either."""
        return self

    def __setstate__(self, _state: Any) -> None:
        """Attributes are not kept."""

    def append(self, _item: Any) -> None:
        """Members of lists are not kept."""

    extend = add = append

    # Objects may be keys, which dictionaries may not.
    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__
    __ne__ = object.__ne__


class Unchangeable:
    """What a pickle gets and may not change."""

    __slots__ = ()

    def __setstate__(self, _state: Any) -> None:
        raise pickle.UnpicklingError("a pickle may not change what it gets")


class Answer(Unchangeable):
    """What a pickle gets for a name, to call it."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        """Calls our own function."""
        return self._function(*arguments)


def _ordered_dict(*entries: Any) -> StandIn:
    mapping = StandIn("collections.OrderedDict")
    mapping.update(*entries)
    return mapping


def _latin1_bytes(text: str, _encoding: str) -> bytes:
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


def _object_of(kind: Any, *_: Any) -> Any:
    """How protocols 0 and 1 make an object of a class."""
    return kind()


PLAIN_ANSWERS: Mapping[str, Any] = {
    "collections.OrderedDict": Answer(_ordered_dict),
    "_codecs.encode": Answer(_latin1_bytes),
    "__builtin__.bytes": Answer(_no_bytes),
    "copyreg._reconstructor": Answer(_object_of),
    "copy_reg._reconstructor": Answer(_object_of),
}


# C's unpickler makes room for the highest number that a file gives to one of its objects; this one does not.
class InertUnpickler(pickle._Unpickler):
    """An unpickler of plain containers and stand-ins; what else it knows says its table."""

    stack: list[Any]
    """The memo of objects, as pickle keeps it."""

    def __init__(self, file: BinaryIO, answers: Mapping[str, Any]) -> None:
        """Reads one pickle from where the file stands.

        Args:
            file: to be read.
            answers: by `module.name`, beyond `PLAIN_ANSWERS`.
        """
        # Python 2 wrote bytes as text, one character for each.
        super().__init__(file, encoding="latin1")
        self._answers = {**PLAIN_ANSWERS, **answers}

    def find_class(self, module: str, name: str) -> Any:
        """Answers a name; imports nothing.

        Raises:
            HostilePickleError: only running code needs that name.
        """
        asked = f"{module}.{name}"
        if asked in self._answers:
            return self._answers[asked]
        # No protection, as nothing runs anyway, but a reason not to go on with such a file.
        if module.partition(".")[0] in CODE_MODULES or (
            module in ("builtins", "__builtin__") and name in CODE_BUILTINS
        ):
            raise HostilePickleError(asked)
        return Answer(lambda *_: StandIn(asked))

    def load_newobj(self) -> None:
        """An object of a class: what its answer returns, where pickle would call `__new__`."""
        arguments = self.stack.pop()
        self.stack[-1] = self.stack[-1](*arguments)

    def load_newobj_ex(self) -> None:
        """The same with keywords, which no answer needs."""
        self.stack.pop()
        self.load_newobj()

    dispatch: ClassVar[dict[int, Any]] = {
        **pickle._Unpickler.dispatch,
        pickle.NEWOBJ[0]: load_newobj,
        pickle.NEWOBJ_EX[0]: load_newobj_ex,
    }
