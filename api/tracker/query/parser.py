"""Reads a query.

    query       = conjunction { "OR" conjunction }
    conjunction = term { [ "AND" ] term }
    term        = ( "-" | "NOT" ) term | "(" query ")" | "#" number | phrase | field ":" values | word
    values      = value { "," value }

A field that has one value at a time and is named again beside itself widens the choice: `status:open status:done` is
either. Comparisons narrow it: `severity:>low severity:<critical`.

Whatever is none of these is a word to search for, so that a pasted message is no error: punctuation, unknown fields,
brackets and quotes inside of words, brackets that are never closed, unless fields or operators stand behind them. `or`
in small letters stands between two terms or is a word itself.
"""

import re
from datetime import date

from tracker.core.schema import MAX_ID
from tracker.query.ast import All, Any, Node, Not, Number, Query, Sort, Words
from tracker.query.dates import read_day_after
from tracker.query.errors import QueryError
from tracker.query.fields import READERS, Value, Values, read_sort, read_was, widened
from tracker.query.scanner import Scanner
from tracker.query.slips import is_slip

MAX_TERMS, MAX_DEPTH = 32, 20

FIELDS = (*READERS, "was", "as-of", "sort")
OTHER_NAMES = {
    "assigned": "assignee",
    "author": "reporter",
    "label": "tag",
    "labels": "tag",
    "priority": "severity",
    "state": "status",
    "tags": "tag",
}
"""What these fields are called elsewhere."""

_OR = re.compile(r"or(?=[\s(]|$)", re.IGNORECASE)
_AND = re.compile(r"AND(?=[\s(]|$)")
_NOT = re.compile(r"NOT(?=[\s(]|$)")
_NUMBER = re.compile(r"#([1-9][0-9]{0,18})(?=[\s)]|$)")
_FIELD = re.compile(r"([A-Za-z][A-Za-z-]*):")
_MODIFIER = re.compile(r"(sort|as-of):", re.IGNORECASE)
_WAS = re.compile(r"(status|severity|assignee)\s+was:", re.IGNORECASE)
_WIDENING = re.compile(r"(is|status|severity|assignee|reporter):(?![<>])", re.IGNORECASE)
_UTC_DAY = re.compile(r"^([0-9-]+)Z$", re.IGNORECASE)
_PHRASE = re.compile(r'"([^"]*)("|$)')
_QUOTED_VALUE = re.compile(r'"((?:[^"]|"")*)("|$)')
"""A quote inside of it is written twice."""


def parse(text: str, today: date) -> Query:
    """What the text asks for, on the day that is today for whoever asks.

    Raises:
        QueryError: it makes no sense; says at which character and what would.
    """
    plain: frozenset[int] = frozenset()
    while True:
        try:
            return _Parser(text, today, plain).query()
        except _NeverClosedError as error:
            plain |= error.positions


class _NeverClosedError(Exception):
    """The brackets at these positions open nothing: they are parts of words."""

    def __init__(self, positions: list[int]) -> None:
        super().__init__()
        self.positions = frozenset(positions)


class _Parser(Scanner):
    def __init__(self, text: str, today: date, plain: frozenset[int]) -> None:
        super().__init__(text)
        self._today = today
        self._plain = plain
        """Where brackets stand that are parts of words."""
        self._structure = -1
        """Where the last field or operator stands: what has any is more than a pasted text."""
        self._depth = 0
        self._terms = 0
        self._sort: Sort | None = None
        self._as_of: date | None = None
        self._as_of_utc = False
        self._past_only: int | None = None
        """Where something stands that nobody knows of the past."""

    def query(self) -> Query:
        root = self._alternatives()
        if self._as_of is not None and self._past_only is not None:
            raise QueryError(self._past_only, "Expected no updated:, closed: or took: beside as-of:, which can't tell.")
        return Query(root=root, sort=self._sort, as_of=self._as_of, as_of_utc=self._as_of_utc)

    def _alternatives(self) -> Node | None:
        found = [self._conjunction()]
        while match := self._take(_OR):
            if match[0] == "OR":
                self._structure = match.start()
            found.append(self._conjunction())
        terms = tuple(node for node in found if node is not None)
        # An alternative that asks for nothing lets everything through.
        if len(terms) < len(found):
            return None
        return terms[0] if len(terms) == 1 else Any(terms)

    def _conjunction(self) -> Node | None:
        begin = self._at
        terms: list[Node] = []
        places: dict[str, int] = {}
        is_begun = False
        while not self._is_over():
            if match := _OR.match(self._text, self._at):
                if is_begun and self._goes_on(match.end()):
                    break
                if match[0] == "OR":
                    self._refuse_operator("OR", match.end() if is_begun else self._at)
            elif match := _AND.match(self._text, self._at):
                if not (is_begun and self._goes_on(match.end())):
                    self._refuse_operator("AND", match.end() if is_begun else self._at)
                self._structure = self._at
                self._at = match.end()
                continue
            if self._modifier():
                continue
            self._gather(terms, places)
            is_begun = True
        if not is_begun and begin and self._text[begin - 1] != "(":
            self._refuse_operator("OR", begin)
        return None if not terms else terms[0] if len(terms) == 1 else All(tuple(terms))

    def _gather(self, terms: list[Node], places: dict[str, int]) -> None:
        """Takes a term to the others of a conjunction; `places` has those that another of their field widens."""
        field = _WIDENING.match(self._text, self._at)
        term = self._term()
        if term is None:
            return
        place = places.setdefault(field[1].lower(), len(terms)) if field else len(terms)
        if place < len(terms):
            terms[place] = widened(terms[place], term)
        else:
            terms.append(term)

    def _term(self) -> Node | None:
        if self._is_minus():
            self._at += 1
            return self._negated()
        if match := self._take(_NOT):
            self._structure = match.start()
            if self._is_over():
                self._refuse_operator("NOT", self._at)
            return self._negated()
        if self._peek() == "(" and self._at not in self._plain and self._text[self._at :].strip("( \t\n"):
            return self._group()
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError(self._at, f"Expected at most {MAX_TERMS} terms.")
        if match := self._take(_NUMBER):
            return Number(min(int(match[1]), MAX_ID))
        if match := self._take(_PHRASE):
            return Words(match[1], is_phrase=True)
        return self._field() or self._word()

    def _negated(self) -> Node | None:
        self._descend()
        self._modifier()  # can't be negated, and says so
        term = self._term()
        self._depth -= 1
        return None if term is None else Not(term)

    def _group(self) -> Node | None:
        opened = self._at
        self._at += 1
        self._groups.append(opened)
        self._descend()
        node = None if self._is_over() else self._alternatives()
        if self._peek() != ")":
            if self._structure > self._groups[0]:
                raise QueryError(opened, "Expected a closing bracket for this one, or quotes around it.")
            raise _NeverClosedError(self._groups)
        self._at += 1
        self._groups.pop()
        self._depth -= 1
        return node

    def _field(self) -> Node | None:
        begin = self._at
        if match := self._take(_WAS):
            self._structure = begin
            return read_was(self._values(), match[1].lower())
        match = _FIELD.match(self._text, begin)
        if match is None:
            return None
        name = match[1].lower()
        if name not in FIELDS:
            self._suggest(name, begin, match.end())
            return None
        self._structure = begin
        self._at = match.end()
        values = self._values()
        if name == "was":
            return read_was(values, None)
        if name in {"updated", "closed", "took"} and self._past_only is None:
            self._past_only = begin
        return READERS[name](values, self._today)

    def _modifier(self) -> bool:
        """Takes `sort:` or `as-of:`, which are about the query as a whole, if one stands here."""
        begin = self._at
        match = self._take(_MODIFIER)
        if match is None:
            return False
        self._structure = begin
        name = match[1].lower()
        if self._depth:
            raise QueryError(begin, f"Expected {name}: outside of brackets and not negated: it is for the whole query.")
        (value, *more) = self._values()
        if more or (self._sort if name == "sort" else self._as_of) is not None:
            raise QueryError(begin, f"Expected {name}: only once, with one value.")
        if name == "sort":
            self._sort = read_sort(value)
        else:
            text = _UTC_DAY.sub(r"\1", value.text)
            self._as_of = read_day_after(text, value.position, self._today)
            self._as_of_utc = text != value.text
        return True

    def _values(self) -> Values:
        values = [self._value()]
        while self._peek() == ",":
            self._at += 1
            values.append(self._value())
        following = self._peek()
        if following and not following.isspace() and not (following == ")" and self._groups):
            raise QueryError(self._at, "Expected a space or a comma after the closing quote.")
        return tuple(values)

    def _value(self) -> Value:
        begin = self._at
        if match := _QUOTED_VALUE.match(self._text, begin):
            self._at = match.end()
            return Value(match[1].replace('""', '"'), begin + 1, is_quoted=True)
        end = r"[^\s,)]+" if self._groups else r"[^\s,]+"
        match = re.compile(end).match(self._text, begin)
        if match is None:
            raise QueryError(begin, "Expected a value here.")
        self._at = match.end()
        return Value(match[0], begin)

    def _word(self) -> Words:
        """Up to the next space; in brackets, up to the bracket that closes them."""
        begin = self._at
        opened = 0
        while self._at < len(self._text) and not self._text[self._at].isspace():
            char = self._text[self._at]
            if self._groups and char == ")" and not opened and self._at > begin:
                break
            opened += (char == "(") - (char == ")" and opened > 0)
            self._at += 1
        return Words(self._text[begin : self._at])

    def _suggest(self, name: str, begin: int, end: int) -> None:
        """Refuses what looks like a misspelt field; any other word with a colon may be meant as it is."""
        if not self._goes_on(end) or self._text[end].isspace() or self._text.startswith("//", end):
            return
        close = (field for field in FIELDS if min(len(field), len(name)) > 3 and is_slip(name, field))  # noqa: PLR2004
        if meant := OTHER_NAMES.get(name) or next(close, None):
            raise QueryError(begin, f"There is no field {name}. Expected {meant}:, or quotes around the word.")

    def _refuse_operator(self, name: str, position: int) -> None:
        raise QueryError(position, f"Expected something to look for on both sides of {name}, or quotes around it.")

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError(self._at, f"Expected at most {MAX_DEPTH} brackets and negations inside each other.")
