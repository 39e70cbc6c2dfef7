"""What no request sends itself: the statements of triggers, functions and foreign keys, of commands and of jobs."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from anyio.to_thread import run_sync
from click.testing import CliRunner
from httpx import AsyncClient
from litestar import Litestar

from bench.fill import COMMON_WORD, RARE_WORD, connect
from tests.conftest import Newcomer
from tests.imports.exports import jira_comment, jira_issue, random_export, write_export
from tests.people import accepted
from tests.processes import environment_of
from tests.scale.explained import Explained, ServerLog, server_log
from tests.scale.plans import walks
from tests.scale.test_plans import ALLOWED, LARGE, MOST_ROWS, do_everything
from tracker.cli import tracker
from tracker.local import Databases
from tracker.models import Role
from tracker.operations.jobs import JOBS
from tracker.settings import Settings

LATER = "2020-02-01T10:00:00.000+0000"

_OF_COMMANDS = {
    ("import jira", "events"): "counts the days anew since the oldest issue that came",
    ("import jira", "issues"): "counts all, as those days are counted backwards from today",
    ("import csv", "issues"): "counts all, as today is counted, too",
    ("import undo", "events"): "counts the days anew since the oldest issue that goes",
    ("import undo", "issues"): "counts all, as those days are counted backwards from today",
    ("stats rebuild", "events"): "counts from the first event on",
}
"""What may read more nevertheless, besides what requests may, and why."""


class Found:
    """What reads too many rows."""

    def __init__(self, log: ServerLog, sizes: dict[str, float]) -> None:
        self._log = log
        self._sizes = sizes
        self.functions: set[str] = set()
        self.statements: set[str] = set()
        self.walks: dict[tuple[str, str], tuple[str, str]] = {}

    def take(self, doing: str) -> list[Explained]:
        news = self._log.news()
        for each in news:
            self.functions.add(each.function)
            if each.statement.startswith("EXPLAIN"):  # which is not run
                continue
            self.statements.add(each.statement)
            for walk in walks(each.plan, self._sizes):
                if self._sizes.get(walk.table, 0) > LARGE and walk.rows > MOST_ROWS:
                    self.walks[each.function or doing, walk.table] = (str(walk), each.statement)
        return news


@pytest.fixture
async def found(databases: Databases, settings: Settings) -> AsyncGenerator[Found]:
    connection: Any = await connect(databases.database_url)
    relations = await connection.fetch("SELECT relname, reltuples FROM pg_class WHERE relkind IN ('r', 'i')")
    async with server_log(connection) as log:
        yield Found(log, {row["relname"]: row["reltuples"] for row in relations})
    await connection.close()


class Doing:
    """As `Watch` is told, but each thing is looked at when it is done."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._doing = ""

    @property
    def doing(self) -> str:
        return self._doing

    @doing.setter
    def doing(self, what: str) -> None:
        self._found.take(self._doing or "between requests")
        self._doing = what


async def test_nothing_that_the_database_does_by_itself_walks_through_a_large_table(
    found: Found, app: Litestar, newcomer: Newcomer, client: AsyncClient, databases: Databases
) -> None:
    """Triggers, functions and foreign keys, as requests set them off."""
    for name in ("sessions", "read_sessions"):
        await app.state[name].kw["bind"].dispose()  # connections of now on tell their plans
    doing = Doing(found)
    await do_everything(doing, newcomer, client, surname="Nested")
    person = await newcomer("Ann Example", Role.MAINTAINER)
    for q in (COMMON_WORD, RARE_WORD, f'"{RARE_WORD} {COMMON_WORD}"', f"{RARE_WORD[:-1]}x"):
        doing.doing = "searchIssues"
        accepted(await person.get("/issues/search", params={"q": q}))
        doing.doing = "listSimilarToTitle"
        accepted(await person.get("/issues/similar", params={"title": q}))
    doing.doing = ""
    connection: Any = await connect(databases.database_url)
    functions = {row["proname"] for row in await connection.fetch(_FUNCTIONS)}
    await connection.close()
    assert functions <= found.functions, "a function that nobody calls"
    assert [each for each in found.statements if "FOR KEY SHARE" in each], "no foreign key was looked after"
    assert {case: found.walks[case] for case in found.walks.keys() - ALLOWED.keys()} == {}


_FUNCTIONS = """
    SELECT proname FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


async def test_no_command_or_job_walks_through_a_large_table(found: Found, settings: Settings, tmp_path: Path) -> None:
    """But for those that read everything: backup, archive and a rebuild of the search index."""

    def run(*arguments: str | Path) -> str:
        result = CliRunner(env=environment_of(settings)).invoke(tracker, [str(each) for each in arguments])
        assert result.exit_code == 0 or arguments == ("doctor",), result.output  # there is no worker
        found.take(str(arguments[2]) if arguments[0] == "jobs" else " ".join(map(str, arguments[:2])))
        return result.output

    known = [jira_issue("KNOWN-1"), jira_issue("KNOWN-2", comments=[jira_comment(1)])]
    first = write_export(tmp_path / "first.ndjson", [*random_export(Random(3), 20), *known])
    known[1] = jira_issue("KNOWN-2", summary="New", updated=LATER, comments=[jira_comment(1, "New", updated=LATER)])
    second = write_export(tmp_path / "second.ndjson", known)
    table = tmp_path / "table.csv"
    table.write_text("Title,Key\nFrom a table,T-1\n")
    await run_sync(run, "import", "jira", first, "--dry-run")
    imports = [await run_sync(run, "import", "jira", file) for file in (first, second)]
    imports += [await run_sync(run, "import", "csv", table, "--column", "title=Title", "--column", "id=Key")]
    await run_sync(run, "import", "list")
    for told in reversed(imports):
        await run_sync(run, "import", "undo", told.split()[-1])
    person = ("--email", "new@example.com", "--full-name", "New", "--role", "admin", "--password", "x" * 12)
    await run_sync(run, "users", "create", *person)
    today = datetime.now(UTC).date()
    await run_sync(run, "stats", "rebuild", "--from", str(today - timedelta(days=3)))
    await run_sync(run, "doctor")
    for job in JOBS:
        await run_sync(run, "jobs", "run", job)
    assert len(found.statements) > 100
    allowed = ALLOWED | _OF_COMMANDS
    assert {case: found.walks[case] for case in found.walks.keys() - allowed.keys()} == {}
    assert _OF_COMMANDS.keys() <= found.walks.keys(), "an exception that is none any more"
