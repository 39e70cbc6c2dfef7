"""Imports as admins do them in the app: upload, look, try, start, follow, undo."""

import asyncio
import gzip
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.imports.exports import Json, content, jira_comment, jira_issue
from tests.imports.test_github import github_comment, github_issue
from tests.people import Person, accepted, refused
from tests.processes import TRACKER, environment_of
from tracker.core.clock import utc_now
from tracker.core.database import Sessions
from tracker.core.jobs import JobContext
from tracker.imports import github, jobs, reading
from tracker.imports.jobs import run_imports
from tracker.settings import Settings
from tracker.statistics.jobs import refresh_daily_stats

PATIENCE_SECONDS = 120
TABLE = "id,title,status\n1,One,open\n2,,open\n3,Three,Fertig\n"
MAPPING = {"columns": {"id": "id", "title": "title", "status": "status"}}


class Importer:
    """An admin with a file, and a worker."""

    def __init__(self, admin: Person, settings: Settings, sessions: Sessions) -> None:
        self.admin = admin
        self._context = JobContext(settings, sessions)

    async def upload(self, *contents: str | bytes, name: str = "issues.csv") -> Json:
        files = [("files", (name, content, "application/octet-stream")) for content in contents]
        return accepted(await self.admin.post("/imports", files=files), 201)

    async def start(self, planned: Json, *, dry_run: bool = False, mapping: Json | None = None) -> Json:
        wish = {"dry_run": dry_run, "mapping": mapping or (MAPPING if planned["source"] == "csv" else None)}
        accepted(await self.admin.post(f"/imports/{planned['id']}/start", json=wish), 202)
        return await self.work(planned)

    async def undo(self, planned: Json, *, force: bool = False) -> Json:
        accepted(await self.admin.post(f"/imports/{planned['id']}/undo", json={"force": force}), 202)
        return await self.work(planned)

    async def work(self, planned: Json) -> Json:
        await run_imports(self._context)
        return await self.read(planned)

    async def read(self, planned: Json) -> Json:
        return accepted(await self.admin.get(f"/imports/{planned['id']}"))

    async def notes(self, planned: Json) -> list[tuple[int, str]]:
        page = accepted(await self.admin.get(f"/imports/{planned['id']}/notes"))
        return [(note["line"], note["message"]) for note in page["items"]]


@pytest.fixture
def importer(admin: Person, settings: Settings, sessions: Sessions) -> Importer:
    return Importer(admin, settings, sessions)


async def test_a_preview_tells_whom_a_table_only_names(importer: Importer, admin: Person) -> None:
    table = (
        "title,reporter,assignee\nOne,Ann Lee,bob@example.com\nTwo,Cy <cy@example.com>,ann  lee\nThree,Dot,Ann Lee\n"
    )
    planned = await importer.upload(table)
    preview = accepted(await admin.post(f"/imports/{planned['id']}/preview", json={}))
    assert preview["people"] == {"Ann Lee": None, "Dot": None}
    mapped = preview["mapping"] | {"people": {"ann lee": "ann@example.com"}}
    preview = accepted(await admin.post(f"/imports/{planned['id']}/preview", json={"mapping": mapped}))
    assert preview["people"] == {"Ann Lee": "ann@example.com", "Dot": None}


async def test_a_preview_names_what_is_mapped_as_the_table_does(importer: Importer, admin: Person) -> None:
    """So a form that takes a name out of it has taken it out, however it was spelled before."""
    planned = await importer.upload("title,status,priority,assignee\nOne,Fertig,Eilig,Ann Lee\nTwo,fertig,,ann  lee\n")
    meant = {"statuses": {"FERTIG": "done"}, "severities": {"eilig": "high"}, "people": {"ann_lee": "ann@example.com"}}
    mapped = {"columns": {"title": "title", "status": "status", "severity": "priority", "assignee": "assignee"}} | meant
    preview = accepted(await admin.post(f"/imports/{planned['id']}/preview", json={"mapping": mapped}))
    told = {"statuses": {"Fertig": "done"}, "severities": {"Eilig": "high"}, "people": {"Ann Lee": "ann@example.com"}}
    for kind, names in told.items():
        assert preview[kind] == preview["mapping"][kind] == names
    cleared = preview["mapping"] | {kind: {} for kind in told}
    preview = accepted(await admin.post(f"/imports/{planned['id']}/preview", json={"mapping": cleared}))
    for kind, names in told.items():
        assert preview[kind] == dict.fromkeys(names)


async def test_from_upload_to_undo(importer: Importer, admin: Person, sessions: Sessions) -> None:
    before = await content(sessions)
    planned = await importer.upload(TABLE)
    assert (planned["source"], planned["state"], planned["created_by"]["full_name"]) == ("csv", "planned", "Ada Admin")

    preview = accepted(await admin.post(f"/imports/{planned['id']}/preview", json={}))
    assert (preview["encoding"], preview["separator"], preview["columns"]) == ("utf-8", ",", ["id", "title", "status"])
    assert preview["mapping"]["columns"] == MAPPING["columns"]
    assert [(row["line"], row["title"], row["broken"]) for row in preview["rows"]] == [
        (2, "One", None),
        (3, None, "the title is empty"),
        (4, "Three", None),
    ]
    assert preview["statuses"] == {"open": "open", "Fertig": None}
    mapped = MAPPING | {"statuses": {"Fertig": "done"}}
    preview = accepted(await admin.post(f"/imports/{planned['id']}/preview", json={"mapping": mapped}))
    assert preview["rows"][2]["status"] == "done"

    checked = await importer.start(planned, dry_run=True)
    assert (checked["state"], checked["progress"], checked["counts"]["new"]) == ("checked", 1, 2)
    assert await importer.notes(planned) == [
        (3, "not imported: the title is empty"),
        (4, "the status 'Fertig' is unknown: imported as open"),
    ]
    (error,) = accepted(await admin.get(f"/imports/{planned['id']}/notes", params={"only": "errors"}))["items"]
    assert (error["line"], error["is_error"]) == (3, True)
    assert await content(sessions) == before

    done = await importer.start(planned, mapping=mapped)
    assert (done["state"], done["counts"]["new"], done["counts"]["broken"]) == ("done", 2, 1)
    assert done["mapping"]["statuses"] == {"Fertig": "done"}
    assert await importer.notes(planned) == [(3, "not imported: the title is empty")]
    issues = accepted(await admin.get("/issues/"))["items"]
    assert {issue["title"]: issue["status"] for issue in issues} == {"One": "open", "Three": "done"}
    table = await admin.get(f"/imports/{planned['id']}/notes.csv")
    assert table.text == "line,imported,message\r\n3,no,not imported: the title is empty\r\n"

    extent = accepted(await admin.get(f"/imports/{planned['id']}/undo"))
    assert (extent["issues"], extent["people"], extent["touched"]) == (2, 1, [])
    assert (await importer.undo(planned))["state"] == "undone"
    assert accepted(await admin.get("/issues/"))["total"] == 0
    assert [each["id"] for each in accepted(await admin.get("/imports"))["items"]] == [planned["id"]]
    assert (await content(sessions))["users"] == before["users"]


async def test_jira_and_github_are_recognised_compressed_or_not(importer: Importer, admin: Person) -> None:
    jira = await importer.upload(gzip.compress(json.dumps(jira_issue("T-1", comments=[jira_comment(1)])).encode()))
    assert jira["source"] == "jira"
    assert (await importer.start(jira))["counts"]["new_comments"] == 1
    issues, comments = json.dumps([github_issue(1)], indent=1), json.dumps([github_comment(7, 1)])
    github = await importer.upload(issues, comments)
    assert (github["source"], github["has_comments_file"]) == ("github", True)
    (row,) = accepted(await admin.post(f"/imports/{github['id']}/preview", json={}))["rows"]
    assert (row["title"], row["reporter"]) == ("Issue 1", "rob")
    assert (await importer.start(github))["counts"]["new_comments"] == 1
    assert accepted(await admin.get("/issues/"))["total"] == 2


async def test_what_makes_no_sense_is_refused(importer: Importer, admin: Person) -> None:
    refused(await admin.post("/imports", files=[("files", ("a.csv", "a", "")), ("files", ("b.csv", "b", ""))]), 400)
    planned = await importer.upload(TABLE)
    start, undo = f"/imports/{planned['id']}/start", f"/imports/{planned['id']}/undo"
    refused(await admin.post(start, json={}), 400)
    wrong = {"mapping": {"columns": {"title": "nothing"}}}
    assert refused(await admin.post(start, json=wrong), 400)["errors"][0]["field"] == "mapping.columns.title"
    refused(await admin.post(undo, json={}), 409)
    await importer.start(planned)
    refused(await admin.post(start, json={"mapping": MAPPING}), 409)
    refused(await admin.post(f"/imports/{planned['id']}/preview", json={}), 409)
    refused(await admin.delete(f"/imports/{planned['id']}"), 409)
    refused(await admin.get("/imports/99"), 404)


async def test_a_workbook_is_refused_in_words_that_help(admin: Person) -> None:
    refusal = refused(await admin.post("/imports", files=[("files", ("issues.xlsx", b"PK\x03\x04\x14\x00", ""))]), 400)
    assert "save the table as CSV" in refusal["detail"]


@pytest.mark.parametrize(
    "packed",
    [
        b'{"key": "T-1", "fields": {"summary": "%s"}}',
        b'{"number": 1, "title": "%s"}',
        b'[{"number": 1, "title": "%s"}]',
    ],
    ids=["jira", "github line", "github array"],
)
async def test_a_small_file_that_unpacks_to_a_huge_one_is_not_taken_into_memory(
    importer: Importer, admin: Person, monkeypatch: pytest.MonkeyPatch, packed: bytes
) -> None:
    monkeypatch.setattr(reading, "MAX_LINE", 1024 * 1024)
    monkeypatch.setattr(github, "MAX_ARRAYS", 1024 * 1024)
    planned = await importer.upload(gzip.compress(packed % (b"x" * 2 * 1024 * 1024)))
    assert accepted(await admin.post(f"/imports/{planned['id']}/preview", json={}))["rows"] == []
    assert (await importer.start(planned))["counts"]["new"] == 0
    ((_, note),) = await importer.notes(planned)
    assert "1 MiB" in note


async def test_a_table_is_imported_up_to_a_huge_line_which_is_told(
    importer: Importer, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_LINE", 1024 * 1024)
    planned = await importer.upload(gzip.compress(b"title\nOne\n" + b"x" * 2 * 1024 * 1024))
    assert len(accepted(await admin.post(f"/imports/{planned['id']}/preview", json={}))["rows"]) == 1
    imported = await importer.start(planned, mapping={"columns": {"title": "title"}})
    assert (imported["state"], imported["counts"]["new"], imported["counts"]["broken"]) == ("done", 1, 1)
    assert await importer.notes(planned) == [(2, "the file can't be read any further: line 3 is longer than 1 MiB")]


async def test_a_compressed_table_that_is_cut_off_is_imported_up_to_there(importer: Importer) -> None:
    planned = await importer.upload(gzip.compress(TABLE.encode())[:-6])
    imported = await importer.start(planned)
    assert (imported["state"], imported["counts"]["new"]) == ("done", 2)
    assert "can't be read any further" in (await importer.notes(planned))[-1][1]


@pytest.mark.parametrize(
    "table",
    [b"\x1f\x8bno gzip at all", b"\n\n", b'id,"title\n1,One\n2,Two\n'],
    ids=["damaged", "blank", "a quote in the first row"],
)
async def test_a_table_of_which_no_column_can_be_read_is_refused(
    importer: Importer, admin: Person, table: bytes
) -> None:
    planned = await importer.upload(table)
    for step, body in (("preview", {}), ("start", {"mapping": MAPPING})):
        refusal = refused(await admin.post(f"/imports/{planned['id']}/{step}", json=body), 400)
        assert refusal["detail"].startswith("The file can't be read: ")


async def test_an_undo_names_the_issues_that_people_have_worked_with(importer: Importer, admin: Person) -> None:
    planned = await importer.upload(TABLE)
    await importer.start(planned)
    await admin.comment(1)
    assert accepted(await admin.get(f"/imports/{planned['id']}/undo"))["touched"] == [1]
    problem = refused(await admin.post(f"/imports/{planned['id']}/undo", json={}), 409)
    assert [error["field"] for error in problem["errors"]] == ["#1"]
    assert (await importer.undo(planned, force=True))["state"] == "undone"


async def test_work_that_comes_between_the_wish_and_the_undo_is_not_lost(importer: Importer, admin: Person) -> None:
    planned = await importer.upload(TABLE)
    await importer.start(planned)
    accepted(await admin.post(f"/imports/{planned['id']}/undo", json={}), 202)
    await admin.comment(1)
    kept = await importer.work(planned)
    assert (kept["state"], kept["error"].partition(".")[0]) == ("done", "1 issue was changed since the import")


async def test_files_leave_the_store_when_they_are_not_needed(
    importer: Importer, admin: Person, sessions: Sessions
) -> None:
    await importer.start(await importer.upload(TABLE))
    forgotten = await importer.upload(TABLE)
    assert (await admin.delete(f"/imports/{forgotten['id']}")).status_code == 204
    async with sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM discarded_files")) == 2
        assert await session.scalar(text("SELECT count(*) FROM import_batches")) == 1


async def test_what_was_uploaded_and_never_started_is_forgotten_after_a_week(
    importer: Importer, settings: Settings, sessions: Sessions
) -> None:
    await importer.upload(TABLE)
    await importer.start(await importer.upload(TABLE), dry_run=True)
    started = await importer.upload(TABLE)
    await importer.start(started)
    for days, left in ((6, 3), (8, 1)):
        moment = utc_now() + timedelta(days=days)
        await run_imports(JobContext(settings, sessions, clock=lambda moment=moment: moment))
        assert len(accepted(await importer.admin.get("/imports"))["items"]) == left
    assert (await importer.read(started))["state"] == "done"
    async with sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM discarded_files")) == 3


async def test_the_days_of_which_an_import_tells_are_right_at_its_end(
    importer: Importer, admin: Person, settings: Settings, sessions: Sessions
) -> None:
    await refresh_daily_stats(JobContext(settings, sessions))
    opened = (utc_now() - timedelta(days=9)).date().isoformat()
    planned = await importer.upload(f"title,created\nOld,{opened}\n")
    mapping = {"columns": {"title": "title", "created": "created"}}
    assert (await importer.start(planned, mapping=mapping))["state"] == "done"
    history = accepted(await admin.get("/issues/dashboard/stats"))["status_history"]
    assert [day["open"] for day in history if day["day"] >= opened] == [1] * 10


async def test_a_run_that_has_no_more_time_goes_on_at_the_next(
    importer: Importer, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{number},Issue {number},open\n" for number in range(1, 21)) + ",,\n"
    planned = await importer.upload("id,title,status\n" + rows)
    clock = iter(range(10_000))
    monkeypatch.setattr(jobs, "SECONDS", 8)
    monkeypatch.setattr(jobs, "monotonic", lambda: next(clock))
    state = await importer.start(planned)
    assert state["state"] == "running"
    assert 0 < state["counts"]["new"] < 20
    while state["state"] == "running":
        state = await importer.work(planned)
    assert (state["counts"]["new"], state["counts"]["broken"], state["state"]) == (20, 1, "done")
    assert await importer.notes(planned) == [(22, "not imported: the title is empty")]


async def test_a_killed_worker_loses_and_doubles_nothing(
    importer: Importer, admin: Person, settings: Settings, sessions: Sessions
) -> None:
    rows = "".join(f"{number},Issue {number},open\n" if number % 3 else f"{number},,\n" for number in range(1, 301))
    planned = await importer.upload("id,title,status\n" + rows)
    wish = {"mapping": MAPPING}
    accepted(await admin.post(f"/imports/{planned['id']}/start", json=wish), 202)
    for goal in (20, 120):
        process = await asyncio.create_subprocess_exec(
            TRACKER, "jobs", "run", "run-imports", env=environment_of(settings)
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while process.returncode is None and accepted(await admin.get("/issues/"))["total"] < goal:  # noqa: ASYNC110  # nothing tells us
                await asyncio.sleep(0.005)
        assert process.returncode is None, f"was done before there were {goal}"
        process.kill()
        await process.wait()
    # PostgreSQL may yet have to notice that the other side is gone.
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (state := await importer.work(planned))["state"] == "running":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (state["state"], state["counts"]["new"], state["counts"]["broken"]) == ("done", 200, 100)
    page = accepted(await admin.get(f"/imports/{planned['id']}/notes", params={"limit": 100}))
    assert [note["line"] for note in page["items"]] == [number + 1 for number in range(3, 301, 3)]
    assert page["next_cursor"] is None
    assert accepted(await admin.get("/issues/"))["total"] == 200
