"""What issues of other trackers have in common: people, times, comments and duplicates."""

from datetime import datetime

import msgspec

from tracker.models import Severity, Status


class BrokenLine(Exception):
    """A line that can't be imported; the message is the reason."""


class SourcePerson(msgspec.Struct, frozen=True):
    external_id: str
    full_name: str
    email: str | None = None
    has_origin: bool = True
    """It is an account elsewhere. If not, all that is known of somebody is an address or a name."""


class SourceComment(msgspec.Struct, frozen=True, kw_only=True):
    external_id: str
    author: SourcePerson
    body: str
    created_at: datetime
    updated_at: datetime | None
    """Null if it was never edited."""


class SourceIssue(msgspec.Struct, frozen=True, kw_only=True):
    external_id: str
    title: str
    description: str
    status: Status
    severity: Severity
    tags: list[str]
    reporter: SourcePerson
    assignee: SourcePerson | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    comments: list[SourceComment]
    """Oldest first."""
    missing_comments: int
    """How many more the source counts than it sent."""
    duplicate_of: list[str]
    """External ids of what this one duplicates …"""
    duplicated_by: list[str]
    """… and of what duplicates it."""

    def people(self) -> list[SourcePerson]:
        """Everybody who has to do with it, each once."""
        named = [self.reporter, self.assignee, *(comment.author for comment in self.comments)]
        return list({person.external_id: person for person in named if person is not None}.values())

    def assigned_at(self) -> datetime:
        """The first recorded sign of the assignee, which is the latest it can have been: they filed it or commented.

        Without such a sign it was before the end.
        """
        assignee = self.assignee and self.assignee.external_id
        if assignee == self.reporter.external_id:
            return self.created_at
        said = [comment.created_at for comment in self.comments if comment.author.external_id == assignee]
        return min([*said, self.closed_at or self.updated_at])


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a file, or one item of a list: an issue, or the reason why it is none."""

    line: int
    """Where it begins, counted from 1."""
    position: int
    """How many bytes of the file it took to get to its end."""
    issue: SourceIssue | None = None
    broken: str | None = None
    notes: list[str] = []
    """What of it was changed or left out."""
    is_left_out: bool = False
    """It is something else than an issue, and known to be."""
