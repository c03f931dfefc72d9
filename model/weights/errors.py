"""The errors of everything that reads or writes weights; imports nothing, so that the command line may know them."""


class CheckpointError(RuntimeError):
    """Stored weights cannot be used. Each argument is a sentence: what is wrong, where, and what to do."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class ContradictionError(ValueError):
    """A file of weights contradicts itself, such as a tensor that is larger than its bytes; the text says how."""


class UnreadableKindError(ValueError):
    """A file is whole, but of a kind that holds no weights for us; the text says which, and what to do."""
