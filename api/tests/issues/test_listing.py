"""Filters and orders of the issue list."""

from typing import Any

import pytest

from tests.people import Person, accepted, refused


async def titles(person: Person, **params: Any) -> list[str]:
    """What the list shows for these parameters; the total agrees."""
    page = accepted(await person.get("/issues/", params=params))
    assert (page["total"], page["total_is_capped"], page["next_cursor"]) == (len(page["items"]), False, None)
    return [row["title"] for row in page["items"]]


@pytest.fixture
async def five(maintainer: Person, reporter: Person, admin: Person) -> None:
    """Five issues that differ in everything, filed in the order of their titles."""
    await maintainer.open_issue("a", severity="low", tags=["UI", "net"], assignee_id=maintainer.id)
    await maintainer.open_issue("b", severity="critical", tags=["ui"], status="triaged", assignee_id=admin.id)
    await admin.open_issue("c", severity="high", tags=["net"], status="in_progress")
    await reporter.open_issue("d", severity="medium", tags=["slow net"])
    await reporter.open_issue("e", severity="high")


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({}, "edcba"),
        ({"status": "open"}, "eda"),
        ({"status": ["triaged", "in_progress"]}, "cb"),
        ({"status": "done"}, ""),
        ({"severity": "high"}, "ec"),
        ({"severity": ["low", "critical"]}, "ba"),
        ({"tag": "ui"}, "ba"),
        ({"tag": "UI"}, "ba"),
        ({"tag": ["ui", "net"]}, "a"),
        ({"tag": " Slow   NET "}, "d"),
        ({"tag": "slow"}, ""),
        ({"tag": ""}, ""),
        ({"assignee": "me"}, "a"),
        ({"assignee": "none"}, "edc"),
        ({"assignee": ["me", "none"]}, "edca"),
        ({"assignee": "999"}, ""),
        ({"reporter": "me"}, "ba"),
        ({"reporter": ["me", "999"]}, "ba"),
        ({"status": "open", "severity": ["low", "high"], "assignee": "none"}, "e"),
        ({"status": "open", "tag": "ui", "reporter": "me", "assignee": "me", "q": "a"}, ""),
    ],
    ids=str,
)
async def test_filters_say_any_of_the_values_and_all_of_the_fields(
    maintainer: Person, params: dict[str, Any], shown: str
) -> None:
    assert "".join(await titles(maintainer, **params)) == shown


@pytest.mark.usefixtures("five")
async def test_people_are_named_by_id(maintainer: Person, reporter: Person, admin: Person) -> None:
    assert await titles(maintainer, reporter=reporter.id) == ["e", "d"]
    assert await titles(maintainer, assignee=[maintainer.id, admin.id]) == ["b", "a"]
    assert await titles(reporter, reporter="me") == ["e", "d"]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("sort", "shown"),
    [
        ("-created", "edcba"),
        ("created", "abcde"),
        ("-updated", "aedcb"),
        ("updated", "bcdea"),
        ("-severity", "becda"),
        ("severity", "adceb"),
    ],
)
async def test_orders(maintainer: Person, sort: str, shown: str) -> None:
    (oldest,) = accepted(await maintainer.get("/issues/", params={"sort": "created", "limit": 1}))["items"]
    await maintainer.comment(oldest["id"])
    assert "".join(await titles(maintainer, sort=sort)) == shown


@pytest.mark.usefixtures("five")
async def test_reporters_list_and_count_only_their_own(
    reporter: Person, stranger: Person, maintainer: Person, admin: Person
) -> None:
    assert await titles(reporter) == ["e", "d"]
    assert await titles(stranger) == []
    for params in ({"reporter": maintainer.id}, {"assignee": admin.id}, {"tag": "ui"}, {"q": "#1"}):
        assert await titles(stranger, **params) == []


async def test_rows_are_issues_without_their_description(maintainer: Person) -> None:
    issue = await maintainer.open_issue(description="Long.", assignee_id=maintainer.id)
    (row,) = accepted(await maintainer.get("/issues/"))["items"]
    assert row == {field: value for field, value in issue.items() if field != "description"}


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "closed"}, "status"),
        ({"status": ""}, "status"),
        ({"severity": "urgent"}, "severity"),
        ({"assignee": "ann"}, "assignee"),
        ({"assignee": "0"}, "assignee"),
        ({"assignee": "01"}, "assignee"),
        ({"assignee": str(2**63)}, "assignee"),
        ({"reporter": "none"}, "reporter"),
        ({"reporter": "-1"}, "reporter"),
        ({"sort": "title"}, "sort"),
        ({"sort": "id; drop table issues"}, "sort"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": str(10**30)}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"q": "x" * 501}, "q"),
        ({"tag": "nul\0"}, None),
    ],
    ids=str,
)
async def test_what_cannot_be_asked_is_refused_and_named(
    maintainer: Person, params: dict[str, str], field: str | None
) -> None:
    problem = refused(await maintainer.get("/issues/", params=params), 400)
    if field:
        assert [error["field"] for error in problem["errors"]] == [field]
