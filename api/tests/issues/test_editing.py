"""Changing issues."""

from typing import Any

import pytest

from tests.people import Person, accepted, refused

METHODS = pytest.mark.parametrize("method", ["PUT", "PATCH"])


@METHODS
async def test_only_the_fields_given_change(maintainer: Person, method: str) -> None:
    before = await maintainer.open_issue(description="Words.", tags=["ui"], assignee_id=maintainer.id)
    address = f"/issues/{before['id']}"
    for number, (field, value) in enumerate(
        [
            ("title", "Other title"),
            ("description", "Other words."),
            ("status", "in_progress"),
            ("severity", "high"),
            ("tags", ["net", "ui"]),
        ],
        start=2,
    ):
        answer = await maintainer.request(method, address, json={field: value})
        after = accepted(answer)
        assert after["version"] == number
        assert after["updated_at"] > before["updated_at"]
        assert after == before | {field: value, "version": number, "updated_at": after["updated_at"]}
        assert answer.headers["etag"].startswith(f'"{number}-')
        assert answer.headers["x-event-ids"]
        assert accepted(await maintainer.get(address)) == after
        before = after


@METHODS
async def test_an_assignee_can_be_taken_away(maintainer: Person, method: str) -> None:
    issue = await maintainer.open_issue(assignee_id=maintainer.id)
    answer = await maintainer.request(method, f"/issues/{issue['id']}", json={"assignee_id": None})
    assert accepted(answer)["assignee"] is None


@METHODS
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"title": " Login fails "},
        {"description": ""},
        {"status": "open"},
        {"severity": "medium"},
        {"tags": ["UI", "ui"]},
        {"assignee_id": None},
        {"duplicate_of": None},
        {"title": "Login fails", "status": "open", "tags": ["UI"]},
    ],
    ids=str,
)
async def test_what_already_is_so_is_no_change(maintainer: Person, method: str, change: dict[str, Any]) -> None:
    before = await maintainer.open_issue(tags=["UI"])
    answer = await maintainer.request(method, f"/issues/{before['id']}", json=change)
    assert accepted(answer) == before
    assert not answer.headers.get("x-event-ids")
    history = accepted(await maintainer.get(f"/issues/{before['id']}/history"))
    assert {entry["type"] for entry in history["items"]} == {"issue.created"}


async def test_another_spelling_of_a_tag_is_a_change(maintainer: Person) -> None:
    issue = await maintainer.open_issue(tags=["ui"])
    assert (await maintainer.change(issue["id"], tags=["UI"]))["tags"] == ["UI"]


async def test_a_reporter_edits_title_and_description_of_an_own_issue(reporter: Person) -> None:
    issue = await reporter.open_issue()
    changed = await reporter.change(issue["id"], title="Other", description="Words.")
    assert (changed["title"], changed["description"]) == ("Other", "Words.")


@pytest.mark.parametrize(
    "field",
    [{"status": "open"}, {"severity": "medium"}, {"tags": []}, {"assignee_id": None}, {"duplicate_of": None}],
    ids=str,
)
async def test_a_reporter_sets_no_other_field_not_even_to_what_it_is(reporter: Person, field: dict[str, Any]) -> None:
    issue = await reporter.open_issue()
    refused(await reporter.patch(f"/issues/{issue['id']}", json={"title": "Other", **field}), 403)
    assert accepted(await reporter.get(f"/issues/{issue['id']}")) == issue


async def test_a_foreign_issue_is_not_there_whatever_is_sent(reporter: Person, stranger: Person) -> None:
    issue = await stranger.open_issue()
    bodies: list[dict[str, Any]] = []
    for issue_id in (issue["id"], 999):
        for change in ({"title": "Mine now"}, {"status": "done"}):
            problem = refused(await reporter.patch(f"/issues/{issue_id}", json=change), 404)
            bodies.append(problem | {"request_id": ""})
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize("closed", ["done", "cancelled"])
async def test_closing_and_reopening_move_the_closing_time(maintainer: Person, closed: str) -> None:
    other = {"done": "cancelled", "cancelled": "done"}[closed]
    issue = await maintainer.open_issue()
    worked_on = await maintainer.change(issue["id"], status="in_progress")
    assert worked_on["closed_at"] is None
    first = await maintainer.change(issue["id"], status=closed)
    assert first["closed_at"] == first["updated_at"]
    edited = await maintainer.change(issue["id"], title="Still closed")
    assert edited["closed_at"] == first["closed_at"]
    moved = await maintainer.change(issue["id"], status=other)
    assert moved["closed_at"] == first["closed_at"]
    reopened = await maintainer.change(issue["id"], status="open")
    assert reopened["closed_at"] is None
    again = await maintainer.change(issue["id"], status=closed)
    assert again["closed_at"] == again["updated_at"] > first["closed_at"]


async def test_an_edit_that_is_refused_changes_nothing(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    refused(await maintainer.patch(f"/issues/{issue['id']}", json={"title": "Other", "assignee_id": 999}), 400)
    refused(await maintainer.patch(f"/issues/{issue['id']}", json={"title": "Other", "version": 2}), 400)
    answer = await maintainer.get(f"/issues/{issue['id']}")
    assert accepted(answer) == issue
    assert len(accepted(await maintainer.get(f"/issues/{issue['id']}/history"))["items"]) == 3
