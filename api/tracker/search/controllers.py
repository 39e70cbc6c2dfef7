"""Search over HTTP."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tracker.core.openapi import READ, READ_ONE
from tracker.core.schema import NO_NUL, PathId
from tracker.core.zones import TimeZone, zone_of
from tracker.search.schemas import SearchResults, SimilarIssues
from tracker.search.services import Search

Words = Annotated[
    str,
    QueryParameter(
        max_length=500, pattern=NO_NUL, description="Words, and whatever else `q` of the list takes to narrow by."
    ),
]
Title = Annotated[
    str,
    QueryParameter(min_length=1, max_length=1000, pattern=NO_NUL, description="As far as it is written."),
]
Hits = Annotated[int, QueryParameter(ge=1, le=50, description="How many to answer at most.")]


class SearchController(Controller):
    path = "/issues"
    tags = ["Issues"]

    @get("/search", operation_id="searchIssues", summary="Search issues, best first", responses=READ)
    async def search_issues(
        self,
        search: NamedDependency[Search],
        q: Words,
        limit: Hits = 20,
        tz: TimeZone = "UTC",
    ) -> SearchResults:
        """Over title, tags, names of files, description and comments of the issues that the viewer may see.

        Made to be asked while somebody types: the last word may be unfinished, unless a space follows it, and every
        word may have a letter wrong, missing or too many, or two swapped. First come issues that hold all words, then
        those that hold most of them. What stands in quotes is taken literally; if very many issues hold all of its
        words, it is looked for in the latest 5,000 only. Fields such as `is:open` narrow; `sort:` changes nothing. Reporters
        may misspell words of their latest 200 issues.

        Hits are told as pieces of plain text, in `title` and, where other texts hold the words, in `excerpt`.
        """
        return await search.find(q, zone=zone_of(tz), limit=limit)

    @get("/similar", operation_id="listSimilarToTitle", summary="Issues like one about to be filed", responses=READ)
    async def list_similar_to_title(
        self,
        search: NamedDependency[Search],
        title: Title,
        limit: Hits = 5,
    ) -> SimilarIssues:
        """To be asked while the title is typed. Only issues that the viewer may see are among them."""
        return await search.similar_to_title(title, limit=limit)

    @get(
        "/{issue_id:str}/similar",
        operation_id="listSimilarIssues",
        summary="Issues that may be duplicates of this one",
        responses=READ_ONE,
    )
    async def list_similar_issues(
        self,
        issue_id: PathId,
        search: NamedDependency[Search],
        limit: Hits = 5,
    ) -> SimilarIssues:
        """For triage. `PATCH /issues/{issue_id}` with `{"duplicate_of": <id>}` marks it as the duplicate of one."""
        return await search.similar_to(issue_id, limit=limit)
