"""A place in the text of a query, and what stands there."""

import re


class Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._groups: list[int] = []
        """Where the brackets stand that are still open."""

    def _is_minus(self) -> bool:
        following = self._text[self._at + 1 : self._at + 2]
        closes = following == ")" and bool(self._groups)
        return self._peek() == "-" and following not in {"", "-"} and not following.isspace() and not closes

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self._skip_spaces()
        match = pattern.match(self._text, self._at)
        if match:
            self._at = match.end()
        return match

    def _is_over(self) -> bool:
        """Whether there is nothing more, here or in these brackets."""
        self._skip_spaces()
        return not self._goes_on(self._at)

    def _goes_on(self, position: int) -> bool:
        rest = self._text[position:].lstrip()
        return bool(rest) and not (self._groups and rest[0] == ")")

    def _skip_spaces(self) -> None:
        while self._peek().isspace():
            self._at += 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]
