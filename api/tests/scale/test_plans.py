"""Every statement that the product sends, explained: none walks through a large table."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Protocol

import asyncpg
import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import event

from bench.fill import COMMON_WORD, RARE_WORD
from tests.access.table import rows
from tests.access.test_matrix import Scene
from tests.conftest import Newcomer
from tests.people import Person, accepted
from tests.scale.plans import plan_of, walks
from tracker.core.database import Sessions
from tracker.core.jobs import JobContext
from tracker.issues.list_statements import COUNT_CAP
from tracker.local import Databases
from tracker.models import Role
from tracker.operations.jobs import JOBS, perform
from tracker.settings import Settings

LARGE = 5_000
"""A table of fewer rows may be read as a whole."""
MOST_ROWS = 4 * COUNT_CAP
"""So many rows may be read at most: a list is counted up to its cap, if every fourth issue fits or more do."""
_OF_TAGS = {
    (f"listIssues {asked}", "issues"): "an index with the tags may take less than issues with them"
    for asked in ("tag:tag1", "tag:tag1 -tag:tag2", "tag:tag1,tag140", "no:tag", "tag=tag3")
}
ALLOWED = _OF_TAGS | {
    ("readSnapshot", "issues"): "gives all that is open: no part of it will do",
    ("listTags", "issues"): "counts every tag",
    ("readDashboard", "issues"): "counts all once, which is kept until the next change",
    ("readDashboard was:triaged", "events"): "looks up all at once: nearly every issue was that",
    ("readDashboard was:triaged", "issues"): "counts nearly all of them",
    ("refresh-daily-stats", "issues"): "counts all, every half an hour",
    ("listIssues assignee=none&assignee=3", "issues"): "the narrowest index as a whole takes less than two of its ends",
}
"""What may read more nevertheless, and why."""
BORDERLINE = {("readSnapshot", "issues"), *_OF_TAGS}
"""Of these, what the planner finds by index or not as its random sample of the table has it."""

QUERIES = [
    COMMON_WORD,
    RARE_WORD,
    f"{COMMON_WORD} {RARE_WORD}",
    f"-{COMMON_WORD}",
    f"{RARE_WORD} OR {COMMON_WORD}",
    f"{COMMON_WORD[:4]}*",
    f'"{COMMON_WORD} ba"',
    "is:open",
    "is:closed",
    "status:triaged",
    "severity:>=high",
    "tag:tag1",
    "tag:tag1 -tag:tag2",
    "tag:tag1,tag140",
    "tag:nowhere",
    "-tag:tag1",
    "assignee:@me",
    "assignee:3",
    "assignee:none",
    "no:assignee is:closed",
    'reporter:"Person 7"',
    "assignee:person",
    "reporter:30",
    "created:last-30d",
    "updated:<-7d",
    "updated:today",
    "closed:last-30d",
    "closed:<2020",
    "took:<4h",
    "took:>10w",
    "has:attachment",
    "no:attachment",
    "has:comment",
    "no:comment",
    "has:description",
    "no:description",
    "has:tag",
    "no:tag",
    "#77 OR #78",
    "was:triaged is:open",
    "as-of:-30d created:last-3m",
    "is:open (tag:tag1 OR severity:critical) NOT assignee:3",
]
FILTERS = [
    "",
    "status=open",
    "status=open&status=done",
    "severity=critical",
    "tag=tag3",
    "tag=tag3&tag=tag4",
    "assignee=me",
    "assignee=none",
    "assignee=none&assignee=3",
    "reporter=25",
    "status=open&severity=high&tag=tag1&assignee=3",
    "tag=nowhere",
]
SORTS = ["-created", "created", "-updated", "updated", "-severity", "severity"]


class Observer(Protocol):
    """Is told what is done."""

    @property
    def doing(self) -> str: ...

    @doing.setter
    def doing(self, what: str) -> None: ...


class Watch:
    """The first of each statement that is sent for something."""

    def __init__(self) -> None:
        self.doing = ""
        self.seen: dict[tuple[str, str], Sequence[Any]] = {}

    def note(self, _: Any, __: Any, statement: str, arguments: Sequence[Any], *___: Any) -> None:
        self.seen.setdefault((self.doing, statement), arguments)


@pytest.fixture
def watch(app: Litestar) -> Generator[Watch]:
    watch = Watch()
    engines = {id(engine): engine for engine in (app.state[name].kw["bind"].sync_engine for name in _SESSIONS)}
    for engine in engines.values():
        event.listen(engine, "before_cursor_execute", watch.note)
    yield watch
    for engine in engines.values():
        event.remove(engine, "before_cursor_execute", watch.note)


_SESSIONS = ("sessions", "read_sessions")


async def test_no_statement_walks_through_a_large_table(
    watch: Watch,
    settings: Settings,
    sessions: Sessions,
    databases: Databases,
    newcomer: Newcomer,
    client: AsyncClient,
) -> None:
    await do_everything(watch, newcomer, client, surname="Example")
    for who in (await newcomer("Ada Admin", Role.ADMIN), await _prolific(newcomer, databases)):
        await _look_at_lists(watch, who)
    for job in JOBS.values():
        watch.doing = job.name
        await perform(job, JobContext(settings, sessions))
    watch.doing = ""
    assert len({statement for _, statement in watch.seen}) > 300
    assert not [statement for _, statement in watch.seen if "OFFSET" in statement or "ILIKE" in statement]
    found = await _walks(databases, watch.seen)
    assert {case: found[case] for case in found.keys() - ALLOWED.keys()} == {}
    assert ALLOWED.keys() - BORDERLINE <= found.keys(), "an exception that is none any more"


async def do_everything(watch: Observer, newcomer: Newcomer, client: AsyncClient, *, surname: str) -> None:
    """Sends every request of the matrix, as a reporter and as an admin, both of whom nobody is yet."""
    roles = {"own": Role.REPORTER, "maintainer": Role.MAINTAINER, "admin": Role.ADMIN}
    for number, row in enumerate(rows()):
        for actor in {"own", "admin"} & row.expected.keys():
            people = {name: await newcomer(f"{name} {actor} {number} {surname}", role) for name, role in roles.items()}
            watch.doing = row.operation_id
            assert await Scene(people, people["admin"], client).status_of(row, actor) < 500, row
            watch.doing = ""


async def _prolific(newcomer: Newcomer, databases: Databases) -> Person:
    """A reporter with hundreds of issues."""
    person = await newcomer("Rob Reporter")
    connection = await _connect(databases)
    await connection.execute(f"""
        UPDATE issues SET reporter_id = {person.id} WHERE id % 500 = 1;
        UPDATE search_documents SET reporter_id = {person.id} WHERE issue_id % 500 = 1;
        ANALYZE issues, search_documents
    """)
    await connection.close()
    return person


async def _look_at_lists(watch: Watch, who: Person) -> None:
    """Two pages of each."""
    asked = [(filters, {"sort": sort}) for filters in FILTERS for sort in (SORTS if filters == "" else SORTS[::5])]
    asked += [(q, {"q": q, "sort": sort}) for q in QUERIES for sort in SORTS[::3]]
    for name, params in asked:
        watch.doing = f"listIssues {name}"
        filters = dict[str, Any](params) if "q" in params else _parsed(name) | params
        page = accepted(await who.get("/issues/", params=filters))
        if page["next_cursor"]:
            accepted(await who.get("/issues/", params=filters | {"cursor": page["next_cursor"]}))
    for q in QUERIES:
        watch.doing = f"searchIssues {q}"
        accepted(await who.get("/issues/search", params={"q": q}))
    for q in (RARE_WORD, "tag:tag140", "reporter:30", "is:open", "created:last-30d", "was:triaged"):
        watch.doing = f"readDashboard {q}"
        accepted(await who.get("/issues/dashboard/stats", params={"q": q}))
    watch.doing = "listSimilarToTitle"
    accepted(await who.get("/issues/similar", params={"title": f"{COMMON_WORD} {RARE_WORD} fails"}))
    watch.doing = "exportIssues"
    assert (await who.get("/issues/export.ndjson", params={"q": "tag:tag1"})).status_code == 200


def _parsed(filters: str) -> dict[str, Any]:
    pairs = [pair.split("=") for pair in filters.split("&") if pair]
    return {name: [value for other, value in pairs if other == name] for name, _ in pairs}


async def _walks(
    databases: Databases, seen: Mapping[tuple[str, str], Sequence[Any]]
) -> dict[tuple[str, str], tuple[str, str]]:
    """By what was done and the table, what would read too many rows of it, and the statement."""
    connection = await _connect(databases)
    try:
        await connection.execute("ANALYZE")
        relations = await connection.fetch("SELECT relname, reltuples FROM pg_class WHERE relkind IN ('r', 'i')")
        sizes = {row["relname"]: row["reltuples"] for row in relations}
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for (doing, statement), arguments in seen.items():
            if not doing or statement.split()[0].strip("(") not in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
                continue
            for walk in walks(await plan_of(connection, statement, arguments), sizes):
                if sizes[walk.table] > LARGE and walk.rows > MOST_ROWS:
                    found[doing, walk.table] = (str(walk), statement)
        return found
    finally:
        await connection.close()


async def _connect(databases: Databases) -> Any:
    connect: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return await connect(databases.database_url, server_settings={"jit": "off"})
