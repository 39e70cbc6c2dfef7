"""Queries over HTTP."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, refused

# When each was filed and closed, and when its first change was.
DATES = text("""
    UPDATE issues SET created_at = '2026-01-05T23:30Z'::timestamptz + (id - 1) * interval '1 day',
                      closed_at = CASE WHEN closed_at IS NOT NULL THEN '2026-01-20T12:00Z'::timestamptz END
""")
EVENTS = text("""
    UPDATE events SET created_at = CASE type WHEN 'issue.created'
        THEN (SELECT created_at FROM issues WHERE issues.id = issue_id) ELSE '2026-01-20T12:00Z'::timestamptz END
""")

ASKED = {
    "": "abcde",
    "is:open": "abcd",
    "is:closed": "e",
    "status:triaged,in_progress": "bc",
    "status:triaged status:in_progress": "bc",
    "severity:low severity:high": "ace",
    "severity:>low severity:<critical": "cd",
    "(assignee:me assignee:none) is:open": "acd",
    "severity:>=high": "bc",
    "severity:<=low": "ae",
    "tag:ui": "ab",
    "tag:net,late": "ae",
    "tag:UI tag:net": "a",
    "-tag:ui": "cde",
    "tag:ui -tag:net": "b",
    "assignee:@me": "a",
    "assignee:me,none": "acd",
    "no:assignee": "cd",
    'assignee:"Ada Admin"': "be",
    "assignee:ada": "be",
    "assignee:ADMIN": "be",
    "assignee:dmin": "",
    "assignee:%": "",
    "reporter:rob,ada": "cde",
    "-assignee:ada": "acd",
    "has:comment": "d",
    "has:description": "c",
    "no:tag": "c",
    "no:attachment": "abcde",
    "created:2026-01-05": "a",
    "created:2026-01-06..2026-01-07": "bc",
    "created:>=2026-01-08": "de",
    "created:2025": "",
    "closed:2026-01": "e",
    "-closed:2026-01": "abcd",
    "closed:<today": "e",
    "created:0001..9998": "abcde",
    "took:>10d": "e",
    "took:<10d": "",
    "took:1h..11d,1h..10d -took:11d..2w": "e",
    "NOT took:<9999d": "abcd",
    "was:open": "ade",
    "status was:done": "e",
    "severity was:high": "ce",
    "assignee was:none": "cde",
    "assignee was:ada": "be",
    "as-of:2026-01-06": "ab",
    "as-of:2026-01-19 is:open": "abcde",
    "as-of:2026-01-19 severity:high": "ce",
    "as-of:2026-01-19 no:assignee": "cde",
    "as-of:2026-01-19 no:tag": "ce",
    "as-of:2026-01-19 was:done": "",
    "as-of:2026-01-20 tag:LATE": "e",
    "as-of:2026-01-20 is:closed assignee:ada": "e",
    "login": "abd",
    "login OR crash": "abde",
    "login (tag:net OR export)": "ad",
    "NOT (login OR is:closed)": "c",
    "-login -the": "ce",
    '"c export" OR #1': "ac",
    "crash (e": "e",
    "the is:open": "abcd",
    "NOT the is:open": "abcd",
    "#1 OR #9223372036854775807": "a",
}


async def found(person: Person, *queries: str, **params: Any) -> str:
    page = accepted(await person.get("/issues/", params={"q": queries, "sort": "created", **params}))
    assert page["total"] == len(page["items"])
    return "".join(row["title"][0] for row in page["items"])


@pytest.fixture
async def five(maintainer: Person, admin: Person, reporter: Person, sessions: async_sessionmaker[AsyncSession]) -> None:
    await maintainer.open_issue("a login", severity="low", tags=["UI", "net"], assignee_id=maintainer.id)
    await maintainer.open_issue("b login", severity="critical", tags=["ui"], status="triaged", assignee_id=admin.id)
    await admin.open_issue("c export", severity="high", description="Slow.", status="in_progress")
    await reporter.open_issue("d export", severity="medium", tags=["slow net"])
    fifth = await reporter.open_issue("e crash", severity="high")
    await maintainer.change(fifth["id"], status="done", tags=["late"], assignee_id=admin.id, severity="low")
    await reporter.comment(4, "Login, too.")
    async with sessions() as session:
        await session.execute(DATES)
        await session.execute(EVENTS)
        await session.commit()


@pytest.mark.usefixtures("five")
async def test_what_is_asked_for_is_found(maintainer: Person) -> None:
    assert {query: await found(maintainer, query) for query in ASKED} == ASKED


@pytest.mark.usefixtures("five")
async def test_queries_and_filters_are_met_together(maintainer: Person, reporter: Person) -> None:
    assert await found(maintainer, "login OR export", "tag:net OR crash") == "a"
    assert await found(maintainer, "login", tag="net") == "a"
    assert await found(reporter, "assignee:ada OR is:open") == "de"


@pytest.mark.usefixtures("five")
async def test_days_are_cut_by_the_time_zone(maintainer: Person) -> None:
    assert await found(maintainer, "created:2026-01-06", tz="Europe/Berlin") == "a"
    assert await found(maintainer, "as-of:2026-01-05", tz="Europe/Berlin") == ""
    assert await found(maintainer, "as-of:2026-01-05Z", tz="Europe/Berlin") == "a"
    refused(await maintainer.get("/issues/", params={"tz": "Mars/Base"}), 400)


@pytest.mark.usefixtures("five")
async def test_the_order_may_be_part_of_the_query(maintainer: Person) -> None:
    assert await found(maintainer, "sort:-severity is:open") == "bcda"
    first = accepted(await maintainer.get("/issues/", params={"q": "sort:severity", "limit": 2}))
    rest = accepted(await maintainer.get("/issues/", params={"q": "sort:severity", "cursor": first["next_cursor"]}))
    assert [row["severity"] for row in first["items"] + rest["items"]] == ["low", "low", "medium", "high", "critical"]


async def test_a_query_that_makes_no_sense_is_refused_at_the_character(maintainer: Person) -> None:
    problem = refused(await maintainer.get("/issues/", params={"q": ["is:open", "login status:opne"]}), 400)
    (error,) = problem["errors"]
    assert error == {
        "field": "q",
        "message": "Expected open, triaged, in_progress, done or cancelled.",
        "position": 13,
    }
