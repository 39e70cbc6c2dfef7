"""Full-text searches as PostgreSQL writes them down, put together here: one text is one value of a statement.

Words that say nothing are empty searches, and are left out.
"""

import re
from collections.abc import Iterable, Iterator

_LEXEME = re.compile(r"('(?:[^'\\]|''|\\.)*')(?::(\*))?")


def all_of(searches: Iterable[str]) -> str:
    return " & ".join(f"({search})" for search in searches if search)


def any_of(searches: Iterable[str]) -> str:
    """Without what a beginning among them finds as well: it would be looked for, and counted, twice."""
    each = [search for search in dict.fromkeys(searches) if search]
    beginnings = tuple(_unquoted(only[1]) for search in each if (only := _LEXEME.fullmatch(search)) and only[2])
    return " | ".join(f"({search})" for search in each if not _is_covered(search, beginnings))


def _is_covered(search: str, beginnings: tuple[str, ...]) -> bool:
    only = _LEXEME.fullmatch(search)
    return only is not None and not only[2] and _unquoted(only[1]).startswith(beginnings)


def prefix(part: str) -> str:
    """What begins with this, which is one word without punctuation."""
    return f"'{part}':*"


def quoted(lexeme: str) -> str:
    """A search for a word as it stands in documents."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def standing_in(search: str, part: str) -> str:
    """The search in one part of a document, as `A` for the title."""
    return _LEXEME.sub(lambda found: f"{found[1]}:{found[2] or ''}{part}", search)


def lexemes_in(search: str) -> Iterator[str]:
    """The words that it looks for, as they stand in documents."""
    return (_unquoted(found[1]) for found in _LEXEME.finditer(search) if not found[2])


def beginnings_in(search: str) -> Iterator[str]:
    return (_unquoted(found[1]) for found in _LEXEME.finditer(search) if found[2])


def _unquoted(lexeme: str) -> str:
    return lexeme[1:-1].replace("''", "'").replace("\\\\", "\\")
