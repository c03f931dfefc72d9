"""The one mistake this package reports: data that cannot be used."""


class DataError(ValueError):
    """Data or a data request that cannot be used. Its one sentence says what is wrong, where, and what to do."""
