"""What can go wrong with a vault. Messages name references and rules, never contents or keys."""


class DamagedError(Exception):
    """Stored bytes are not those that were sealed, or are gone."""


class ErasedError(Exception):
    """The subject was erased: its key is destroyed, nothing of it can be read or added."""


class TakenError(Exception):
    """Another document has this reference."""


class UnknownError(Exception):
    """No document has this reference."""


class MasterKeyError(Exception):
    """The master keys cannot be read, or are not those under which this vault was sealed."""
