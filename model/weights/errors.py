"""The error of everything that reads or writes weights; imports nothing, so that the command line may know it."""


class CheckpointError(RuntimeError):
    """Stored weights cannot be used. Its one sentence says what is wrong, where, and what to do."""
