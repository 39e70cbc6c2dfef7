"""What a part of a query means, in plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tests.people import Person
from tests.query.world import Known, State
from tracker.models import Severity

SEVERITIES = list(Severity)


@dataclass(frozen=True)
class Asker:
    """Whoever asks, and from where in time."""

    viewer: Person
    zone: ZoneInfo
    now: datetime
    as_of: datetime | None = None

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def begin(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    def state(self, issue: Known) -> State:
        return issue.past(self.as_of)[-1]


Test = Callable[[Known, Asker], bool]


@dataclass(frozen=True)
class Term:
    """A part of a query."""

    text: str
    means: Test | None
    """None for what says nothing, as "the": it is left out."""
    says: bool = True
    """Whether there is more to it than words that stand everywhere."""
    widens: str = ""
    """The field with one value at a time that it is about: two of them side by side mean either."""
    knows_past: bool = True
    """Whether it can be asked together with `as-of:`."""


@dataclass(frozen=True)
class Question:
    """A whole query."""

    text: str
    root: Term | None
    sort: str
    as_of: Callable[[Asker], datetime] | None

    def answer(self, issues: Sequence[Known], asker: Asker) -> list[int]:
        """Numbers of the issues that it finds, in its order."""
        if self.as_of:
            asker = replace(asker, as_of=self.as_of(asker))
        found = [issue for issue in issues if _is_seen(issue, asker) and self._fits(issue, asker)]
        name = self.sort.removeprefix("-")

        def place(issue: Known) -> tuple[Any, int]:
            return (
                SEVERITIES.index(issue.now.severity) if name == "severity" else getattr(issue, f"{name}_at")
            ), issue.id

        ordered = sorted(found, key=place, reverse=self.sort.startswith("-"))
        return [issue.id for issue in ordered]

    def _fits(self, issue: Known, asker: Asker) -> bool:
        if asker.as_of and issue.created_at >= asker.as_of:
            return False
        if self.root is None:
            return True
        return self.root.says and (self.root.means is None or self.root.means(issue, asker))


def _is_seen(issue: Known, asker: Asker) -> bool:
    return issue.deleted_at is None and (asker.viewer.role != "reporter" or issue.reporter is asker.viewer)


def negated(term: Term, sign: str) -> Term:
    means = term.means

    def opposite(issue: Known, asker: Asker) -> bool:
        return means is not None and not means(issue, asker)

    # `--this` is no negation: it is a word, as programs have such options.
    sign = "NOT " if sign == "-" and term.text.startswith("-") else sign
    return replace(
        term,
        text=f"{sign}{term.text}",
        means=means and opposite,
        widens="",
    )
