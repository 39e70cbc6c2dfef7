"""An import of what was imported before, after changes there, here or on both sides."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.imports.exports import (
    Heard,
    Json,
    closed,
    content,
    imported,
    jira_comment,
    jira_issue,
    jira_person,
    write_export,
)
from tests.people import Person, accepted
from tracker.imports.tally import Outcome, Tally
from tracker.settings import Settings

LATER = "2020-02-01T10:00:00.000+0000"
LATEST = "2020-03-01T10:00:00.000+0000"


class Source:
    """An export that is imported again and again."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self._settings = settings
        self._path = directory / "export.ndjson"

    async def bring(self, *issues: Json, dry_run: bool = False) -> tuple[Tally, Heard]:
        return await imported(self._settings, write_export(self._path, issues), dry_run=dry_run)


@pytest.fixture
def source(settings: Settings, tmp_path: Path, admin: Person) -> Source:
    return Source(settings, tmp_path)


async def history(person: Person, issue_id: int = 1) -> list[tuple[Any, ...]]:
    items: list[Json] = accepted(await person.get(f"/issues/{issue_id}/history"))["items"]
    return [(entry["type"], entry["field"], entry["old"], entry["new"], entry["created_at"]) for entry in items]


async def test_what_changed_there_changes_here_as_an_event(admin: Person, source: Source) -> None:
    await source.bring(jira_issue("T-1"))
    changed = jira_issue(
        "T-1",
        summary="Login still fails",
        description="Now *always*.",
        priority={"name": "Critical"},
        labels=["ui"],
        assignee=jira_person("ann"),
        updated=LATER,
        **closed("Won't Fix", at="2020-01-20T10:00:00.000+0000"),
    )
    before = len(await history(admin))
    tally, heard = await source.bring(changed)
    assert (tally.issues, heard) == ({Outcome.CHANGED: 1}, [])
    issue = accepted(await admin.get("/issues/1"))
    assert (issue["title"], issue["description"], issue["severity"]) == (
        "Login still fails",
        "Now **always**.",
        "critical",
    )
    assert (issue["status"], issue["tags"], issue["assignee"]["full_name"]) == ("cancelled", ["ui"], "Ann")
    assert (issue["closed_at"], issue["updated_at"]) == ("2020-01-20T10:00:00Z", "2020-02-01T10:00:00Z")
    assert issue["version"] == 3
    added = (await history(admin))[before:]
    assert added[0] == ("issue.updated", "status", "open", "cancelled", "2020-01-20T10:00:00Z")
    assert {(field, at) for _, field, _, _, at in added[1:]} == {
        (field, "2020-02-01T10:00:00Z") for field in ("title", "description", "severity", "tags", "assignee_id")
    }
    assert (await source.bring(changed))[0].issues == {Outcome.UNCHANGED: 1}


async def test_a_reopened_issue_is_open_again(admin: Person, source: Source) -> None:
    await source.bring(jira_issue("T-1", **closed()))
    await source.bring(jira_issue("T-1", updated=LATER))
    issue = accepted(await admin.get("/issues/1"))
    assert (issue["status"], issue["closed_at"]) == ("open", None)
    assert (await history(admin))[-1] == ("issue.updated", "status", "done", "open", "2020-02-01T10:00:00Z")


async def test_new_and_edited_comments_come_along_and_vanished_ones_stay(admin: Person, source: Source) -> None:
    await source.bring(jira_issue("T-1", comments=[jira_comment(1, "One"), jira_comment(2, "Two")]))
    tally, heard = await source.bring(
        jira_issue(
            "T-1",
            updated=LATER,
            comments=[jira_comment(1, "One!", updated=LATER), jira_comment(3, "Three", created=LATER, updated=LATER)],
        )
    )
    assert (tally.issues, tally.new_comments, tally.changed_comments, heard) == ({Outcome.CHANGED: 1}, 1, 1, [])
    comments = accepted(await admin.get("/issues/1/comments"))["items"]
    assert [comment["body"] for comment in comments] == ["One!", "Two", "Three"]
    assert comments[0]["updated_at"] == "2020-02-01T10:00:00Z"
    assert accepted(await admin.get("/issues/1"))["comment_count"] == 3
    assert ("comment.updated", "body", "One", "One!", "2020-02-01T10:00:00Z") in await history(admin)


async def test_a_field_changed_on_both_sides_stays_as_it_is_here_and_is_told_once(
    admin: Person, source: Source
) -> None:
    await source.bring(jira_issue("T-1"))
    await admin.change(1, title="Ours", status="triaged")
    changed = jira_issue("T-1", summary="Theirs", description="Theirs, too", updated=LATER)
    tally, heard = await source.bring(changed)
    assert tally.issues == {Outcome.CHANGED: 1}
    assert heard.about(1) == ["title was changed there and here: left as it is here"]
    issue = accepted(await admin.get("/issues/1"))
    assert (issue["title"], issue["description"], issue["status"]) == ("Ours", "Theirs, too", "triaged")
    again, heard = await source.bring(changed)
    assert (again.issues, heard) == ({Outcome.UNCHANGED: 1}, [])


async def test_what_was_changed_only_here_stays_and_later_changes_there_come_after_it(
    admin: Person, source: Source
) -> None:
    await source.bring(jira_issue("T-1"))
    await admin.change(1, severity="critical", assignee_id=admin.id)
    await source.bring(jira_issue("T-1", summary="Theirs", updated=LATER))
    issue = accepted(await admin.get("/issues/1"))
    assert (issue["title"], issue["severity"], issue["assignee"]["id"]) == ("Theirs", "critical", admin.id)
    times = [entry[-1] for entry in await history(admin)]
    assert times == sorted(times)


async def test_comments_edited_or_deleted_here_are_left_alone(
    admin: Person, source: Source, sessions: async_sessionmaker[AsyncSession]
) -> None:
    await source.bring(jira_issue("T-1", comments=[jira_comment(1, "One"), jira_comment(2, "Two")]))
    assert (await admin.delete("/issues/1/comments/1")).status_code == 204
    async with sessions() as session:
        await session.execute(text("UPDATE comments SET body = 'Ours' WHERE id = 2"))
        await session.commit()
    _, heard = await source.bring(
        jira_issue("T-1", updated=LATER, comments=[jira_comment(1, "One!"), jira_comment(2, "Two!")])
    )
    assert len(heard.about(1)) == 2
    comments = accepted(await admin.get("/issues/1/comments"))["items"]
    assert [comment["body"] for comment in comments] == ["Ours"]


async def test_an_older_export_changes_nothing(
    admin: Person, source: Source, sessions: async_sessionmaker[AsyncSession]
) -> None:
    await source.bring(jira_issue("T-1", summary="New", updated=LATER))
    before = await content(sessions)
    tally, heard = await source.bring(jira_issue("T-1", summary="Old"))
    assert tally.issues == {Outcome.LEFT_ALONE: 1}
    assert "older" in heard.about(1)[0]
    assert await content(sessions) == before


@pytest.mark.parametrize("purged", [False, True], ids=["trashed", "purged"])
async def test_what_was_deleted_here_does_not_come_back(
    admin: Person, source: Source, sessions: async_sessionmaker[AsyncSession], *, purged: bool
) -> None:
    await source.bring(jira_issue("T-1"), jira_issue("T-2", duplicates=["T-1"]))
    await admin.delete("/issues/1")
    if purged:
        assert (await admin.delete("/issues/trash/1")).status_code == 204
    tally, heard = await source.bring(
        jira_issue("T-1", summary="Back", updated=LATER), jira_issue("T-2", duplicates=["T-1"])
    )
    assert tally.issues == {Outcome.LEFT_ALONE: 1, Outcome.UNCHANGED: 1}
    assert "deleted here" in heard.about(1)[0]
    assert accepted(await admin.get("/issues/"))["total"] == 1


async def test_a_duplicate_found_later_is_marked_and_one_unmarked_here_stays_so(admin: Person, source: Source) -> None:
    await source.bring(jira_issue("T-1"), jira_issue("T-2"), jira_issue("T-3"))
    told = [jira_issue("T-1"), jira_issue("T-2", duplicates=["T-1"]), jira_issue("T-3")]
    assert (await source.bring(*told))[0].duplicates == 1
    assert accepted(await admin.get("/issues/2"))["duplicate_of"] == 1
    await admin.change(2, duplicate_of=None)
    assert (await source.bring(*told))[0].duplicates == 0
    assert accepted(await admin.get("/issues/2"))["duplicate_of"] is None
    told[1] = jira_issue("T-2", duplicates=["T-3"])
    _, heard = await source.bring(*told)
    assert "was changed here" in heard.about(2)[0]
    assert accepted(await admin.get("/issues/2"))["duplicate_of"] is None


async def test_an_update_that_means_nothing_here_makes_no_event(
    admin: Person, source: Source, sessions: async_sessionmaker[AsyncSession]
) -> None:
    await source.bring(jira_issue("T-1"))
    before = await content(sessions)
    assert (await source.bring(jira_issue("T-1", updated=LATEST, components=[{"name": "XML"}])))[0].issues == {
        Outcome.UNCHANGED: 1
    }
    assert await content(sessions) == before


async def test_a_dry_run_of_changes_says_what_would_change(
    admin: Person, source: Source, sessions: async_sessionmaker[AsyncSession]
) -> None:
    await source.bring(jira_issue("T-1", comments=[jira_comment(1, "One")]), jira_issue("T-2"))
    before = await content(sessions)
    changed = [
        jira_issue("T-1", summary="New", updated=LATER, comments=[jira_comment(1, "One!")], duplicates=["T-2"]),
        jira_issue("T-2"),
        jira_issue("T-3", reporter=jira_person("new")),
    ]
    dry, _ = await source.bring(*changed, dry_run=True)
    assert await content(sessions) == before
    wet, _ = await source.bring(*changed)
    assert dry.summary() == wet.summary()
    assert wet.issues == {Outcome.CHANGED: 1, Outcome.UNCHANGED: 1, Outcome.NEW: 1}
    assert (wet.duplicates, wet.new_people) == (1, 1)
