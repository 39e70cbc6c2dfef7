"""What an import did, and what it has to say about single lines."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

Say = Callable[[str], None]


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT_ALONE = "left alone"
    BROKEN = "broken"


@dataclass(slots=True)
class Tally:
    say: Say
    """Told of each thing that was not imported as it is, with the number of its line."""
    issues: Counter[Outcome] = field(default_factory=Counter[Outcome])
    new_comments: int = 0
    changed_comments: int = 0
    missing_comments: int = 0
    """How many more the source counts than it sent."""
    new_people: int = 0
    duplicates: int = 0

    def note(self, line: int, text: str) -> None:
        self.say(f"line {line}: {text}")

    def summary(self) -> list[str]:
        issues = ", ".join(f"{self.issues[outcome]:,} {outcome}" for outcome in Outcome)
        lines = [
            f"{self.issues.total():,} issues: {issues}",
            f"{self.new_comments:,} comments new, {self.changed_comments:,} changed",
            f"{self.new_people:,} people new, {self.duplicates:,} issues marked as duplicates",
        ]
        if self.missing_comments:
            lines.append(f"The source counts {self.missing_comments:,} more comments than the file holds.")
        return lines
