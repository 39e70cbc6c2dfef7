"""Filing issues."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.people import Person, accepted, refused

FIELDS = {
    "id",
    "title",
    "description",
    "status",
    "severity",
    "tags",
    "reporter",
    "assignee",
    "duplicate_of",
    "version",
    "created_at",
    "updated_at",
    "closed_at",
    "comment_count",
    "attachment_count",
}


async def test_a_reporter_files_an_issue_and_finds_it_at_its_location(reporter: Person) -> None:
    response = await reporter.post("/issues/", json={"title": "  Login fails ", "tags": ["UI", "ui", " slow  net "]})
    issue = accepted(response, 201)
    assert issue["title"] == "Login fails"
    assert issue["tags"] == ["UI", "slow net"]
    assert (issue["status"], issue["severity"], issue["version"]) == ("open", "medium", 1)
    assert issue["reporter"] == {"id": reporter.id, "full_name": reporter.name}
    found = await reporter.get(response.headers["location"])
    assert accepted(found) == issue
    assert found.headers["etag"] == response.headers["etag"]


async def test_a_new_issue_has_every_field_and_one_moment(reporter: Person) -> None:
    issue = await reporter.open_issue(description="Press **Save**.", severity="critical")
    assert set(issue) == FIELDS
    assert (issue["description"], issue["severity"]) == ("Press **Save**.", "critical")
    assert (issue["assignee"], issue["duplicate_of"], issue["closed_at"]) == (None, None, None)
    assert (issue["comment_count"], issue["attachment_count"]) == (0, 0)
    assert issue["created_at"] == issue["updated_at"]
    assert issue["created_at"].endswith("Z")


async def test_staff_may_give_status_and_assignee_but_reporters_may_not(maintainer: Person, reporter: Person) -> None:
    fields: dict[str, Any] = {"status": "triaged", "assignee_id": maintainer.id}
    issue = await maintainer.open_issue(**fields)
    assert (issue["status"], issue["assignee"]["id"]) == ("triaged", maintainer.id)
    for name, value in fields.items():
        refused(await reporter.post("/issues/", json={"title": "Mine", name: value}), 403)
    refused(await reporter.post("/issues/", json={"title": "Mine", "assignee_id": None}), 403)


@pytest.mark.parametrize("status", ["done", "cancelled"])
async def test_an_issue_can_be_filed_closed(maintainer: Person, status: str) -> None:
    issue = await maintainer.open_issue(status=status)
    assert issue["closed_at"] == issue["created_at"]


async def test_nobody_files_without_signing_in(client: AsyncClient) -> None:
    response = await client.post("/issues/", json={"title": "Anonymous"})
    refused(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "title", ["x", "x" * 200, "  " + "x" * 200 + "  ", "Ünïcödé 🚀", "-", "#7", "<b>bold</b>", "a\u200bb", "'; --"]
)
async def test_titles_of_1_to_200_characters_in_one_line_are_kept_as_they_are(reporter: Person, title: str) -> None:
    assert (await reporter.open_issue(title))["title"] == title.strip()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \t "),
        ("title", "x" * 201),
        ("title", "two\nlines"),
        ("title", "two\u2028lines"),
        ("title", "nul\0"),
        ("title", "bell\a"),
        ("title", None),
        ("title", 7),
        ("description", "nul\0"),
        ("description", None),
        ("description", "ü" * (1024 * 1024 + 1)),
        ("severity", "urgent"),
        ("severity", "Low"),
        ("severity", None),
        ("status", "closed"),
        ("assignee_id", 0),
        ("assignee_id", 2**63),
        ("assignee_id", "1"),
        ("assignee_id", 1.5),
        ("assignee_id", True),
        ("tags", "ui"),
        ("tags", None),
    ],
    ids=lambda value: str(value)[:12],
)
async def test_what_is_wrong_is_named(maintainer: Person, field: str, value: Any) -> None:
    issue = await maintainer.open_issue()
    for answer in (
        await maintainer.post("/issues/", json={"title": "New", field: value}),
        await maintainer.patch(f"/issues/{issue['id']}", json={field: value}),
    ):
        problem = refused(answer, 400)
        assert [error["field"] for error in problem["errors"]] == [field]
    assert accepted(await maintainer.get("/issues/"))["total"] == 1


@pytest.mark.parametrize("field", ["id", "reporter", "version", "created_at", "duplicate_of", "assignee", "Title"])
async def test_what_an_issue_is_not_filed_with_is_refused(maintainer: Person, field: str) -> None:
    problem = refused(await maintainer.post("/issues/", json={"title": "New", field: 1}), 400)
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_title_is_required(reporter: Person) -> None:
    problem = refused(await reporter.post("/issues/", json={"description": "No title"}), 400)
    assert [error["field"] for error in problem["errors"]] == ["title"]


async def test_a_description_of_two_megabytes_is_kept(reporter: Person) -> None:
    for character in ("x", "ü", "🚀"):
        description = character * (2 * 1024 * 1024 // len(character.encode()))
        issue = await reporter.open_issue(description=description)
        assert issue["description"] == description


async def test_markdown_and_white_space_of_a_description_are_kept(reporter: Person) -> None:
    description = "\r\n  * one\n\n\t```\n<script>alert(1)</script>\n```\n "
    assert (await reporter.open_issue(description=description))["description"] == description


@pytest.mark.parametrize("address", ["/issues", "/issues/"])
async def test_the_trailing_slash_makes_no_difference(reporter: Person, address: str) -> None:
    issue = accepted(await reporter.post(address, json={"title": "New"}), 201)
    assert accepted(await reporter.get(address))["items"][0]["id"] == issue["id"]
    assert accepted(await reporter.get(f"/issues/{issue['id']}{address.removeprefix('/issues')}")) == issue
