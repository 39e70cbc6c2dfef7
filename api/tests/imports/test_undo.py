"""Taking an import back: the database is as it was, or nothing happens."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import text

from tests.imports.exports import (
    Json,
    closed,
    content,
    imported,
    jira_comment,
    jira_issue,
    jira_person,
    random_export,
    write_export,
)
from tests.people import Person, accepted
from tracker.core.database import Sessions
from tracker.core.errors import Conflict
from tracker.core.jobs import JobContext
from tracker.imports.commands import undo_import
from tracker.settings import Settings
from tracker.statistics.jobs import refresh_daily_stats

LATER = "2020-02-01T10:00:00.000+0000"


class Importing:
    def __init__(self, settings: Settings, directory: Path) -> None:
        self._settings = settings
        self._path = directory / "export.ndjson"

    async def bring(self, *issues: Json) -> None:
        await imported(self._settings, write_export(self._path, issues))

    async def undo(self, batch_id: int, *, force: bool = False) -> None:
        await undo_import(self._settings, batch_id, lambda _: None, force=force)

    async def refusal(self, batch_id: int) -> list[str]:
        """The issues that are in the way."""
        with pytest.raises(Conflict) as refused:
            await self.undo(batch_id)
        return [error.field for error in refused.value.errors or ()]


@pytest.fixture
def importing(settings: Settings, tmp_path: Path) -> Importing:
    return Importing(settings, tmp_path)


async def everything(sessions: Sessions) -> dict[str, list[str]]:
    """All content, but for what says that something was imported and undone."""
    found = await content(sessions)
    async with sessions() as session:
        for table, columns in {
            "search_documents": "issue_id, tsvector_to_array(document)",
            "daily_stats": "day, status, count",
            "import_people": "external_id",
            "import_changes": "issue_id",
            "attachments": "issue_id, storage_key",
        }.items():
            rows = await session.execute(text(f"SELECT {columns} FROM {table}"))
            found[table] = sorted(str(tuple(row)) for row in rows)
    return found


async def test_afterwards_the_database_is_as_it_was(
    settings: Settings, sessions: Sessions, importing: Importing, admin: Person, maintainer: Person
) -> None:
    issue = await maintainer.open_issue("Ours", tags=["ui"])
    await admin.comment(issue["id"])
    await refresh_daily_stats(JobContext(settings, sessions))
    before = await everything(sessions)

    export = random_export(Random(3), 60)
    export[0]["fields"]["reporter"] = jira_person("mia") | {"emailAddress": maintainer.email}
    await importing.bring(*export)
    await refresh_daily_stats(JobContext(settings, sessions))
    assert await everything(sessions) != before
    await importing.undo(1)
    assert await everything(sessions) == before


async def test_what_a_later_import_changed_is_as_it_was_before_it(
    sessions: Sessions, importing: Importing, admin: Person
) -> None:
    await importing.bring(
        jira_issue("T-1", comments=[jira_comment(1, "One")]), jira_issue("T-2"), jira_issue("T-3", **closed())
    )
    before = await everything(sessions)
    versions = [accepted(await admin.get(f"/issues/{number}"))["version"] for number in (1, 2, 3)]
    await importing.bring(
        jira_issue(
            "T-1",
            summary="Theirs",
            labels=["ui"],
            assignee=jira_person("new"),
            updated=LATER,
            comments=[jira_comment(1, "One!", updated=LATER), jira_comment(2, "Two", created=LATER, updated=LATER)],
            **closed(at="2020-01-20T10:00:00.000+0000"),
        ),
        jira_issue("T-2", duplicates=["T-1"]),
        jira_issue("T-3", updated=LATER),
        jira_issue("T-4"),
    )
    await importing.undo(2)
    after = await everything(sessions)
    # The version goes on, so that nobody's copy of what was taken back counts as the latest.
    for number, version in zip((1, 2, 3), versions, strict=True):
        assert accepted(await admin.get(f"/issues/{number}"))["version"] > version
    async with sessions() as session:
        await session.execute(text("UPDATE issues SET version = 1"))
        await session.execute(text("UPDATE issues SET version = 2 WHERE id = 3"))
        await session.execute(text("DELETE FROM events WHERE changes = '{}'"))
        await session.commit()
    assert await everything(sessions) == before, after
    history = accepted(await admin.get("/issues/1/history"))["items"]
    assert {entry["type"] for entry in history} == {"issue.created", "comment.created"}


async def test_an_import_can_be_undone_and_done_again_and_again(
    settings: Settings, sessions: Sessions, importing: Importing, tmp_path: Path
) -> None:
    export = random_export(Random(9), 30)
    await importing.bring(*export)
    first = await everything(sessions)
    for number in (1, 2):
        await importing.undo(number)
        await importing.bring(*export)
        again = await everything(sessions)
        for numbered in ("search_documents", "import_changes"):
            assert len(again.pop(numbered)) == len(first[numbered])
        assert again.items() <= first.items()


async def test_issues_that_people_have_worked_with_are_named_and_nothing_happens(
    sessions: Sessions, importing: Importing, admin: Person
) -> None:
    await importing.bring(*(jira_issue(f"T-{number}") for number in range(1, 7)))
    await admin.change(2, title="Ours")
    await admin.comment(3)
    form = {"files": ("notes.txt", b"It fails.", "text/plain")}
    assert (await admin.post("/issues/4/attachments", files=form)).status_code == 201
    mine = await admin.open_issue("Mine")
    await admin.change(mine["id"], duplicate_of=5)
    before = await everything(sessions)
    assert await importing.refusal(1) == ["#2", "#3", "#4", "#5"]
    assert await everything(sessions) == before

    await importing.undo(1, force=True)
    issues = accepted(await admin.get("/issues/"))["items"]
    assert [(issue["id"], issue["duplicate_of"]) for issue in issues] == [(mine["id"], None)]
    last = accepted(await admin.get(f"/issues/{mine['id']}/history"))["items"][-1]
    assert (last["field"], last["old"], last["new"]) == ("duplicate_of", 5, None)
    async with sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM discarded_files")) == 1
        assert await session.scalar(text("SELECT count(*) FROM imported_issues")) == 0


async def test_imports_that_build_on_each_other_are_undone_the_latest_first(
    sessions: Sessions, importing: Importing, admin: Person
) -> None:
    await importing.bring(jira_issue("T-1"))
    await importing.bring(jira_issue("T-1", summary="Changed", updated=LATER))
    assert await importing.refusal(1) == ["#1"]
    await importing.undo(2)
    assert accepted(await admin.get("/issues/1"))["title"] == "Login fails"
    await importing.undo(1)
    assert (await admin.get("/issues/1")).status_code == 404


async def test_what_was_changed_by_an_import_and_then_by_people_stays_even_by_force(
    importing: Importing, admin: Person
) -> None:
    await importing.bring(jira_issue("T-1"), jira_issue("T-2"))
    await importing.bring(*(jira_issue(f"T-{number}", summary="Theirs", updated=LATER) for number in (1, 2)))
    await admin.change(1, title="Ours")
    await importing.undo(2, force=True)
    assert accepted(await admin.get("/issues/1"))["title"] == "Ours"
    assert accepted(await admin.get("/issues/2"))["title"] == "Login fails"


async def test_people_stay_who_are_somebody_here_by_now(
    sessions: Sessions, importing: Importing, admin: Person
) -> None:
    await importing.bring(jira_issue("T-1", reporter=jira_person("used"), assignee=jira_person("unused")))
    async with sessions() as session:
        await session.execute(text("UPDATE users SET is_active = true WHERE full_name = 'Used'"))
        await session.commit()
    await importing.undo(1)
    names = [user["full_name"] for user in accepted(await admin.get("/users/"))["items"]]
    assert names == ["Ada Admin", "Used"]


async def test_clients_are_told_to_load_anew(importing: Importing, admin: Person, reporter: Person) -> None:
    cursor = accepted(await admin.get("/events"))["cursor"]
    await importing.bring(jira_issue("T-1"))
    seen = accepted(await admin.get("/events", params={"after": cursor}))
    assert [event["type"] for event in seen["events"]] == ["issue.created"]
    assert accepted(await admin.get("/issues/"))["total"] == 1
    await reporter.open_issue("Later")
    assert accepted(await admin.get("/issues/"))["total"] == 2
    own = accepted(await reporter.get("/events"))["cursor"]
    await importing.undo(1)
    assert accepted(await admin.get("/events", params={"after": seen["cursor"]}))["reset"]
    assert accepted(await reporter.get("/events", params={"after": own}))["reset"]
    assert accepted(await admin.get("/issues/"))["total"] == 1


async def test_tags_are_counted_right_at_once(importing: Importing, admin: Person) -> None:
    async def counts() -> list[tuple[str, int]]:
        return [(tag["name"], tag["count"]) for tag in accepted(await admin.get("/tags/"))]

    await importing.bring(jira_issue("T-1", labels=["old"]), jira_issue("T-2", labels=["old"]))
    assert await counts() == [("old", 2)]
    await importing.bring(jira_issue("T-1", labels=["new"], updated=LATER))
    assert await counts() == [("new", 1), ("old", 1)]
    await importing.undo(2)
    assert await counts() == [("old", 2)]
    await importing.undo(1)
    assert await counts() == []


async def test_statistics_are_right_at_once(
    settings: Settings, sessions: Sessions, importing: Importing, admin: Person, client: AsyncClient, app: Litestar
) -> None:
    await admin.open_issue("Ours")
    await refresh_daily_stats(JobContext(settings, sessions))
    today = datetime.now(UTC).date().isoformat()
    asked = {"from": "2020-01-01", "to": today}

    async def figures() -> tuple[Any, Any]:
        return accepted(await admin.get("/issues/dashboard/stats"))["total"], accepted(
            await admin.get("/stats/daily", params=asked)
        )

    before = await figures()
    await importing.bring(jira_issue("T-1"), jira_issue("T-2", **closed()))
    assert (await figures())[1] != before[1]
    await importing.undo(1)
    assert (await figures())[1] == before[1]
