"""How texts are compared."""

import unicodedata

_LAST_ASCII = 0x7F


def trimmed(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def key_of(text: str) -> str:
    """The form in which texts that differ only in case are equal."""
    return unicodedata.normalize("NFKC", text).casefold()


def parts_of(text: str) -> list[str]:
    """The words of a text as `search_text` in the database cuts them: at spaces and at ASCII's punctuation."""
    cut = "".join(char if char.isalnum() or ord(char) > _LAST_ASCII else " " for char in text)
    return [part for part in cut.split() if any(char.isalnum() for char in part)]
