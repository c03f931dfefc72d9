"""The error of building a backbone; imports nothing, so that the command line may know it."""


class BackboneError(ValueError):
    """The named backbone cannot serve as a pyramid, or its weights are not to be had."""
