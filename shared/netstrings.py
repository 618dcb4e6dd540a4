"""What is hashed or signed as bytes: parts, each with its length before it."""


def netstrings(*parts: str | bytes) -> bytes:
    """Each part, text as UTF-8, with its length: no two lists of parts come to the same bytes."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(b"%d:%s," % (len(part), part) for part in encoded)
