"""What searches answer."""

from typing import Literal

from tracker.core.schema import Output
from tracker.issues.schemas import IssueRow


class Fragment(Output):
    """A piece of plain text. Clients mark those that hit; nothing in them is markup."""

    text: str
    hit: bool


class Excerpt(Output):
    """Where the words stand, if not in the title only."""

    source: Literal["description", "comment"]
    comment_id: int | None
    fragments: list[Fragment]


class SearchHit(Output):
    issue: IssueRow
    title: list[Fragment]
    excerpt: Excerpt | None
    score: float
    """How well it fits, from 0; to be compared within one answer only."""


class SearchResults(Output):
    """Best first."""

    items: list[SearchHit]


class SimilarIssue(Output):
    issue: IssueRow
    score: float
    """How much alike, from 0 to 1."""


class SimilarIssues(Output):
    """Most alike first."""

    items: list[SimilarIssue]
