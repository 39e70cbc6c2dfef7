"""What an import did, and what it has to say about single lines."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

Say = Callable[[str], None]


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT_ALONE = "left alone"
    BROKEN = "broken"


class Note(NamedTuple):
    line: int
    message: str
    is_error: bool
    """The line is not imported."""


@dataclass(slots=True)
class Tally:
    say: Say = lambda _: None
    """Told of each thing that was not imported as it is, with the number of its line."""
    issues: Counter[Outcome] = field(default_factory=Counter[Outcome])
    new_comments: int = 0
    changed_comments: int = 0
    missing_comments: int = 0
    """How many more the source counts than it sent."""
    new_people: int = 0
    duplicates: int = 0
    left_out: int = 0
    """What the source has that is no issue."""
    unwritten: list[Note] = field(default_factory=list[Note])
    """Notes for whoever keeps them."""

    def note(self, line: int, text: str, *, is_error: bool = False) -> None:
        self.say(f"line {line}: {text}")
        self.unwritten.append(Note(line, text, is_error))

    def broken(self, line: int, reason: str) -> None:
        """Notes that a line is not imported."""
        self.note(line, reason, is_error=True)
        self.issues[Outcome.BROKEN] += 1

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in _COUNTS} | {
            outcome.replace(" ", "_"): self.issues[outcome] for outcome in Outcome
        }

    def go_on_from(self, counts: dict[str, int]) -> None:
        """Counts on from what an interrupted run wrote down."""
        for name in _COUNTS:
            setattr(self, name, counts.get(name, 0))
        for outcome in Outcome:
            self.issues[outcome] += counts.get(outcome.replace(" ", "_"), 0)
        self.issues = +self.issues

    def summary(self) -> list[str]:
        issues = ", ".join(f"{self.issues[outcome]:,} {outcome}" for outcome in Outcome)
        lines = [
            f"{self.issues.total():,} issues: {issues}",
            f"{self.new_comments:,} comments new, {self.changed_comments:,} changed",
            f"{self.new_people:,} people new, {self.duplicates:,} issues marked as duplicates",
        ]
        if self.missing_comments:
            lines.append(f"The source counts {self.missing_comments:,} more comments than the file holds.")
        if self.left_out:
            lines.append(f"{self.left_out:,} pull requests are left out.")
        return lines


_COUNTS = ("new_comments", "changed_comments", "missing_comments", "new_people", "duplicates", "left_out")
