"""The error of operational settings; imports nothing, so that the command line may know it."""


class ExecutionError(ValueError):
    """A trial cannot run in the way that was asked for. Its one sentence says why, and what to do."""
