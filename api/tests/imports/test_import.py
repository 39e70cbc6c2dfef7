"""`tracker import jira` into an empty tracker: what is there afterwards."""

import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
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
from tests.people import Person, accepted, refused
from tracker.core.database import Sessions
from tracker.imports.reading import read_lines
from tracker.imports.tally import Outcome
from tracker.settings import Settings

REAL_EXPORT = os.environ.get("JIRA_EXPORT")
"""A whole export to try as well, as NDJSON."""

EXPORTS = ["made up", *([REAL_EXPORT] if REAL_EXPORT else [])]


@pytest.fixture(params=EXPORTS)
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param != "made up":
        return Path(request.param)
    return write_export(tmp_path / "export.ndjson.gz", random_export(Random(7), 120))


async def rows(sessions: Sessions, query: str) -> list[tuple[Any, ...]]:
    async with sessions() as session:
        return [tuple(row) for row in await session.execute(text(query))]


def told_comments(issue: Json) -> list[Json]:
    return [comment for comment in issue["fields"]["comment"]["comments"] if (comment.get("body") or "").strip()]


async def test_all_issues_comments_and_people_are_there_with_their_times(
    export: Path, settings: Settings, sessions: Sessions
) -> None:
    told: list[Json] = [msgspec.json.decode(line) for _, line, _ in read_lines(export)]
    tally, _ = await imported(settings, export)
    comments = {f"jira:{comment['id']}": comment for issue in told for comment in told_comments(issue)}
    assert tally.issues == {Outcome.NEW: len(told)}
    assert tally.new_comments == len(comments)

    stored = await rows(
        sessions,
        "SELECT external_id, created_at, updated_at, closed_at, status, comment_count FROM issues ORDER BY external_id",
    )
    assert len(stored) == len(told)
    for issue, (_, created, updated, closed_at, status, count) in zip(
        sorted(told, key=lambda issue: f"jira:{issue['key']}"), stored, strict=True
    ):
        fields = issue["fields"]
        assert created == datetime.fromisoformat(fields["created"])
        assert updated == datetime.fromisoformat(fields["updated"])
        is_closed = fields["status"]["statusCategory"]["key"] == "done"
        assert (status in {"done", "cancelled"}) == is_closed
        assert closed_at == (
            datetime.fromisoformat(fields["resolutiondate"] or fields["updated"]) if is_closed else None
        )
        assert count == len(told_comments(issue))
    assert {
        (external_id, author): created
        for external_id, author, created in await rows(
            sessions,
            "SELECT comments.external_id, users.external_id, comments.created_at FROM comments JOIN users ON users.id = author_id",
        )
    } == {
        (external_id, f"jira:{comment['author']['name']}"): datetime.fromisoformat(comment["created"])
        for external_id, comment in comments.items()
    }
    people = [issue["fields"][role] for issue in told for role in ("reporter", "assignee")]
    people += [comment["author"] for comment in comments.values()]
    assert Counter(row for (row,) in await rows(sessions, "SELECT external_id FROM users")) == {
        f"jira:{person['name']}": 1 for person in people if person
    }


async def test_the_log_of_events_tells_the_same_as_the_issues(
    export: Path, settings: Settings, sessions: Sessions
) -> None:
    await imported(settings, export)
    assert not await rows(
        sessions,
        """
        SELECT issues.external_id FROM issues CROSS JOIN LATERAL (
            SELECT array_agg(type ORDER BY id) AS types, min(created_at) AS first, max(created_at) AS last,
                   bool_and(in_order) AS in_order,
                   count(*) FILTER (WHERE type = 'comment.created') AS comments,
                   count(*) FILTER (WHERE type = 'issue.updated') AS changes,
                   (array_agg(changes->'status'->>1 ORDER BY id DESC) FILTER (WHERE changes ? 'status'))[1] AS status,
                   (array_agg(changes->'assignee_id'->1 ORDER BY id DESC) FILTER (WHERE changes ? 'assignee_id'))[1]
                       AS assignee,
                   max(created_at) FILTER (WHERE changes->'status'->>1 IN ('done', 'cancelled')) AS closed_at
            FROM (
                SELECT *, created_at >= lag(created_at, 1, created_at) OVER (ORDER BY id) AS in_order
                FROM events WHERE issue_id = issues.id
            ) AS events
        ) AS log
        WHERE NOT (
            types[1] = 'issue.created' AND first = created_at AND in_order AND last <= updated_at
            AND comments = comment_count AND version = changes + 1 AND log.status = issues.status::text
            AND coalesce(log.assignee, 'null') = coalesce(to_jsonb(assignee_id), 'null')
            AND log.closed_at IS NOT DISTINCT FROM issues.closed_at
        )
        """,
    )


async def test_a_second_run_changes_nothing(export: Path, settings: Settings, sessions: Sessions) -> None:
    first, heard = await imported(settings, export)
    before = await content(sessions), await rows(sessions, "SELECT id, xmin::text FROM issues ORDER BY id")
    second, heard_again = await imported(settings, export)
    assert second.issues == {Outcome.UNCHANGED: first.issues[Outcome.NEW]}
    assert (second.new_comments, second.new_people, second.duplicates) == (0, 0, 0)
    assert heard_again == heard
    assert before == (await content(sessions), await rows(sessions, "SELECT id, xmin::text FROM issues ORDER BY id"))


async def test_a_dry_run_says_the_same_and_writes_nothing(export: Path, settings: Settings, sessions: Sessions) -> None:
    before = await content(sessions)
    dry, heard = await imported(settings, export, dry_run=True)
    assert await content(sessions) == before
    sequences = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
    assert await rows(sessions, sequences) == []
    wet, heard_again = await imported(settings, export)
    assert heard_again == heard
    assert wet.summary() == dry.summary()


async def test_staff_finds_an_imported_issue_with_its_history(
    maintainer: Person, settings: Settings, tmp_path: Path
) -> None:
    ann = jira_person("ann")
    comment = jira_comment(
        7, "{code}\nx\n{code}", created="2020-01-02T11:00:00.000+0000", updated="2020-01-02T11:00:00.000+0000"
    )
    told = jira_issue("T-1", labels=["ui"], assignee=ann, comments=[comment], **closed())
    await imported(settings, write_export(tmp_path / "export.ndjson", [told]))
    (row,) = accepted(await maintainer.get("/issues/"))["items"]
    issue = accepted(await maintainer.get(f"/issues/{row['id']}"))
    assert (issue["title"], issue["description"], issue["tags"]) == ("Login fails", "It **fails**.", ["ui"])
    assert (issue["status"], issue["closed_at"]) == ("done", "2020-01-02T12:00:00Z")
    assert (issue["reporter"]["full_name"], issue["assignee"]["full_name"]) == ("Rob", "Ann")
    (said,) = accepted(await maintainer.get(f"/issues/{row['id']}/comments"))["items"]
    assert (said["body"], said["author"]["full_name"]) == ("```\nx\n```", "Ann")
    history: list[Json] = accepted(await maintainer.get(f"/issues/{row['id']}/history"))["items"]
    assert [
        (entry["field"], entry["created_at"][11:16], entry["actor"] and entry["actor"]["full_name"])
        for entry in history
    ] == [
        ("title", "10:00", "Rob"),
        ("status", "10:00", "Rob"),
        ("severity", "10:00", "Rob"),
        ("tags", "10:00", "Rob"),
        ("body", "11:00", "Ann"),
        ("assignee_id", "11:00", None),
        ("status", "12:00", None),
    ]


async def test_imported_people_cannot_sign_in(admin: Person, client: Any, settings: Settings, tmp_path: Path) -> None:
    await imported(
        settings, write_export(tmp_path / "export.ndjson", [jira_issue("T-1", reporter=jira_person("Ann B"))])
    )
    users = accepted(await admin.get("/users/"))["items"]
    (ann,) = [user for user in users if user["full_name"] == "Ann B"]
    assert (ann["is_active"], ann["role"]) == (False, "reporter")
    assert ann["email"].endswith("@jira.invalid")
    for password in ("", "password"):
        answer = await client.post("/users/token", json={"email": ann["email"], "password": password})
        refused(answer, 401)


async def test_somebody_with_the_same_address_is_the_same_person(
    maintainer: Person, settings: Settings, tmp_path: Path
) -> None:
    mia = {"name": "mmm", "displayName": "M. M.", "emailAddress": maintainer.email.upper()}
    told = [jira_issue("T-1", assignee=mia), jira_issue("T-2", reporter=mia)]
    tally, _ = await imported(settings, write_export(tmp_path / "export.ndjson", told))
    assert tally.new_people == 1
    items = accepted(await maintainer.get("/issues/", params={"assignee": "me"}))["items"]
    assert [item["assignee"]["full_name"] for item in items] == [maintainer.name]
    assert accepted(await maintainer.get("/issues/", params={"reporter": "me"}))["total"] == 1


async def test_invented_addresses_are_unique_whatever_people_are_called(
    client: Any, settings: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    squatter = {"email": "ann@jira.invalid", "password": "correct horse", "full_name": "Squatter"}
    accepted(await client.post("/users/register", json=squatter), 201)
    names = ["ann", "Ann", "änn", "a b", "a  b", "x" * 300, "a@b", "\u202eann"]
    told = [jira_issue(f"T-{number}", reporter=jira_person(name)) for number, name in enumerate(names)]
    tally, heard = await imported(settings, write_export(tmp_path / "export.ndjson", told))
    assert heard == []
    assert tally.issues == {Outcome.NEW: len(names)}
    addresses = await rows(sessions, "SELECT count(DISTINCT lower(email)), max(length(email)) FROM users")
    assert addresses[0][0] == len(names)
    assert addresses[0][1] < 80


async def test_duplicates_are_marked_wherever_the_original_stands_in_the_file(
    admin: Person, settings: Settings, tmp_path: Path
) -> None:
    told = [
        jira_issue("T-1", duplicates=["T-3", "T-2"]),
        jira_issue("T-2", duplicates=["T-1"]),
        jira_issue("T-3", duplicates=["ELSEWHERE-1"]),
        jira_issue("T-4", duplicates=["T-4"]),
    ]
    tally, heard = await imported(settings, write_export(tmp_path / "export.ndjson", told))
    assert tally.duplicates == 2
    originals = {item["id"]: item["duplicate_of"] for item in accepted(await admin.get("/issues/"))["items"]}
    assert originals == {1: 3, 2: 1, 3: None, 4: None}
    assert "already" in heard.about(1)[0]
    assert "ELSEWHERE-1 is not here" in heard.about(3)[0]
    assert "circle" in heard.about(4)[0]


async def test_broken_lines_are_told_by_number_and_do_not_stop_the_rest(
    settings: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    lines = [
        "\ufeff" + "{not json",
        jira_issue("T-1"),
        "",
        b"\xff",
        jira_issue("T-1", summary="Again"),
        jira_issue("T-2"),
    ]
    tally, heard = await imported(settings, write_export(tmp_path / "export.ndjson", lines))
    assert tally.issues == {Outcome.NEW: 2, Outcome.BROKEN: 3}
    assert [bool(heard.about(number)) for number in range(1, 7)] == [True, False, False, True, True, False]
    assert "T-1 was on line 2 already" in heard.about(5)[0]
    assert await rows(sessions, "SELECT title FROM issues") == [("Login fails",), ("Login fails",)]


async def test_of_a_file_that_breaks_off_the_beginning_is_imported(
    settings: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    random = Random(1)
    whole = write_export(tmp_path / "whole.ndjson.gz", random_export(random, 300))
    broken = tmp_path / "broken.ndjson.gz"
    broken.write_bytes(whole.read_bytes()[:-2000])
    tally, heard = await imported(settings, broken)
    assert tally.issues[Outcome.BROKEN] >= 1
    assert any("can't be read any further" in said for said in heard)
    again, _ = await imported(settings, whole)
    assert again.issues[Outcome.UNCHANGED] == tally.issues[Outcome.NEW] > 0
    assert await rows(sessions, "SELECT count(*) FROM issues") == [(300,)]
