"""Issues over HTTP."""

from typing import Annotated, Any

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.datastructures import ResponseHeader, State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.serialization import encode_json
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.openapi import READ, READ_ONE, WRITE, WRITE_ONE, refusals
from tracker.core.paging import Cursor, Limit, Page
from tracker.core.schema import PathId
from tracker.core.transaction import Transaction
from tracker.core.zones import TimeZone, zone_of
from tracker.issues.etags import etag_matches, etag_of
from tracker.issues.export import Export
from tracker.issues.history import History
from tracker.issues.listing import IssueFilters, IssueList
from tracker.issues.queries import Queries, Text
from tracker.issues.reading import IssueReader
from tracker.issues.schemas import HistoryEntry, IssueChange, IssuePage, IssueView, NewIssue
from tracker.issues.services import IssueService
from tracker.issues.snapshot import read_snapshot
from tracker.models import Severity, Status
from tracker.query.ast import Sort

IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", max_length=1000, description="`ETag` of the issue that the change is based on."),
]
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", max_length=1000, description="`ETag` of the copy at hand.")
]

Statuses = Annotated[list[Status] | None, QueryParameter(description="Any of these.")]
Severities = Annotated[list[Severity] | None, QueryParameter(description="Any of these.")]
TagFilter = Annotated[list[Text] | None, QueryParameter(description="All of these, compared without case.")]
Assignees = Annotated[list[Text] | None, QueryParameter(description="Any of these: ids, `me`, `none`.")]
Reporters = Annotated[list[Text] | None, QueryParameter(description="Any of these: ids, `me`.")]
ETAG = ResponseHeader(name="ETag", documentation_only=True, description="For `If-Match` and `If-None-Match`.")


class IssueController(Controller):
    path = "/issues"
    tags = ["Issues"]

    @get("/", operation_id="listIssues", summary="List issues", responses=READ)
    async def list_issues(
        self,
        issue_list: NamedDependency[IssueList],
        q: Queries = None,
        status: Statuses = None,
        severity: Severities = None,
        tag: TagFilter = None,
        assignee: Assignees = None,
        reporter: Reporters = None,
        sort: Annotated[
            Sort, QueryParameter(description="`-` begins with the newest or the most severe.")
        ] = Sort.NEWEST,
        limit: Limit = 50,
        cursor: Cursor = None,
        tz: TimeZone = "UTC",
    ) -> IssuePage:
        """A page of the issues that the viewer may see: reporters see what they filed.

        All filters can be repeated and have to be met together. `total` counts all pages, exactly up to 10,000. If
        `total_is_capped` there are at least so many: more than that, or, where to count all that meet `q` would take long,
        as many as there are among the latest 20,000 issues.
        """
        filters = IssueFilters(
            q=tuple(q or ()),
            zone=zone_of(tz),
            status=tuple(status or ()),
            severity=tuple(severity or ()),
            tag=tuple(tag or ()),
            assignee=tuple(assignee or ()),
            reporter=tuple(reporter or ()),
        )
        return await issue_list.page(filters, sort=sort, cursor=cursor, limit=limit)

    @get(
        "/export.ndjson",
        operation_id="exportIssues",
        summary="All issues of a query, one JSON document a line",
        media_type="application/x-ndjson",
        response_description="One issue a line, oldest first.",
        responses=READ,
    )
    async def export_issues(
        self, viewer: NamedDependency[Viewer], state: State, q: Queries = None, tz: TimeZone = "UTC"
    ) -> Stream:
        """However many the viewer may see; `sort:` changes nothing. An answer that breaks off is not complete."""
        lines = Export(state.autocommit_sessions, viewer).as_ndjson(q or (), zone_of(tz))
        return Stream(lines, media_type="application/x-ndjson", headers=_file_headers("issues.ndjson"))

    @get(
        "/export.csv",
        operation_id="exportIssuesAsTable",
        summary="All issues of a query, as a table",
        media_type="text/csv",
        response_description="A line of names, then one issue a line, oldest first.",
        responses=READ,
    )
    async def export_issues_as_table(
        self, viewer: NamedDependency[Viewer], state: State, q: Queries = None, tz: TimeZone = "UTC"
    ) -> Stream:
        """For spreadsheets, which take none of its cells for a formula: what begins like one is given a `'`."""
        lines = Export(state.autocommit_sessions, viewer).as_csv(q or (), zone_of(tz))
        return Stream(lines, media_type="text/csv; charset=utf-8", headers=_file_headers("issues.csv"))

    @get(
        "/snapshot",
        operation_id="readSnapshot",
        summary="The working set of a client",
        media_type="application/x-ndjson",
        response_description="One JSON document a line.",
        responses=READ,
    )
    async def read_snapshot(
        self, viewer: NamedDependency[Viewer], session: NamedDependency[AsyncSession], state: State
    ) -> Stream:
        """NDJSON. The first line is `{cursor, total}`; every other is an issue without its description.

        All that is open and what closed in the last 90 days, newest change first, at most 20,000. Rows and
        cursor come from one database snapshot, so `GET /events?after=<cursor>` goes on exactly from there.
        """
        lines = await read_snapshot(session, viewer, state.cursors)
        return Stream(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})

    @post(
        "/",
        operation_id="openIssue",
        summary="File an issue",
        status_code=201,
        response_description="The new issue.",
        response_headers=[ETAG],
        responses=WRITE | refusals(403),
    )
    async def open_issue(
        self,
        data: JSONBody[NewIssue],
        issues: NamedDependency[IssueService],
        transaction: NamedDependency[Transaction],
    ) -> Response[IssueView]:
        """In the name of the viewer. Status and assignee are for staff to give."""
        async with transaction:
            if not data.assignee_id:  # who would be looked up
                transaction.expect_one_statement()
            issue = await issues.open(data)
            return await _answer(transaction, issue, status_code=201, headers={"Location": f"/issues/{issue.id}"})

    @get(
        "/{issue_id:str}",
        operation_id="readIssue",
        summary="One issue",
        response_description="The issue as it is now.",
        response_headers=[ETAG],
        responses=READ_ONE | {304: ResponseSpec(None, description="The copy at hand is still right.")},
    )
    async def read_issue(
        self,
        issue_id: PathId,
        issue_reader: NamedDependency[IssueReader],
        if_none_match: IfNoneMatch = None,
    ) -> Response[IssueView]:
        issue = await issue_reader.view(issue_id)
        body = encode_json(issue)
        headers = {"ETag": etag_of(issue.version, body), "Cache-Control": "private, no-cache"}
        unchanged = if_none_match is not None and etag_matches(if_none_match, headers["ETag"])
        answer: Response[Any] = (
            Response(None, status_code=304, headers=headers)
            if unchanged
            else Response(body, headers=headers, media_type="application/json")
        )
        return answer

    @patch(
        "/{issue_id:str}",
        operation_id="changeIssue",
        summary="Change the fields given",
        response_description="The issue as it is now.",
        response_headers=[ETAG],
        responses=WRITE_ONE | refusals(403, 412),
    )
    async def change_issue(
        self,
        issue_id: PathId,
        data: JSONBody[IssueChange],
        issues: NamedDependency[IssueService],
        transaction: NamedDependency[Transaction],
        if_match: IfMatch = None,
    ) -> Response[IssueView]:
        """Reporters change title and description of their own issues, staff all fields of all.

        With `If-Match`, a change that is based on an older version is refused with 412, and the problem document
        carries the current issue as `issue`. Without it, the fields given win and all others stay as they are.
        """
        return await _change(issue_id, data, issues, transaction, if_match)

    @put(
        "/{issue_id:str}",
        operation_id="putIssue",
        summary="Change the fields given (same as PATCH)",
        response_description="The issue as it is now.",
        response_headers=[ETAG],
        responses=WRITE_ONE | refusals(403, 412),
    )
    async def put_issue(
        self,
        issue_id: PathId,
        data: JSONBody[IssueChange],
        issues: NamedDependency[IssueService],
        transaction: NamedDependency[Transaction],
        if_match: IfMatch = None,
    ) -> Response[IssueView]:
        """Fields that are left out stay as they are."""
        return await _change(issue_id, data, issues, transaction, if_match)

    @delete(
        "/{issue_id:str}",
        operation_id="deleteIssue",
        summary="Put an issue into the trash",
        status_code=204,
        responses=WRITE_ONE | refusals(403),
    )
    async def delete_issue(
        self, issue_id: PathId, issues: NamedDependency[IssueService], transaction: NamedDependency[Transaction]
    ) -> Response[None]:
        """For admins. It can be restored for 30 days."""
        async with transaction:
            await issues.delete(issue_id)
            return await transaction.answer(status_code=204)

    @post(
        "/{issue_id:str}/restore",
        operation_id="restoreIssue",
        summary="Take an issue out of the trash",
        status_code=200,
        response_description="The issue as it is now.",
        response_headers=[ETAG],
        responses=WRITE_ONE | refusals(403),
    )
    async def restore_issue(
        self, issue_id: PathId, issues: NamedDependency[IssueService], transaction: NamedDependency[Transaction]
    ) -> Response[IssueView]:
        """For admins. An issue that is not in the trash stays as it is."""
        async with transaction:
            return await _answer(transaction, await issues.restore(issue_id))

    @get(
        "/{issue_id:str}/history",
        operation_id="readHistory",
        summary="Every change of an issue, oldest first",
        responses=READ_ONE,
    )
    async def read_history(
        self,
        issue_id: PathId,
        viewer: NamedDependency[Viewer],
        session: NamedDependency[AsyncSession],
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[HistoryEntry]:
        """Who, when, which field, from what to what. `limit` counts events; one event may change several fields."""
        return await History(session, viewer).page(issue_id, cursor=cursor, limit=limit)


async def _change(
    issue_id: int, data: IssueChange, issues: IssueService, transaction: Transaction, if_match: str | None
) -> Response[IssueView]:
    async with transaction:
        return await _answer(transaction, await issues.change(issue_id, data, if_match=if_match))


async def _answer(
    transaction: Transaction, issue: IssueView, *, status_code: int = 200, headers: dict[str, str] | None = None
) -> Response[IssueView]:
    body = encode_json(issue)
    etag = {"ETag": etag_of(issue.version, body)}
    return await transaction.answer(body, status_code=status_code, headers=etag | (headers or {}))


def _file_headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
