"""How texts are compared."""

import unicodedata


def trimmed(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def key_of(text: str) -> str:
    """The form in which texts that differ only in case are equal."""
    return unicodedata.normalize("NFKC", text).casefold()
