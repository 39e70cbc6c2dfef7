"""The dashboard's figures over the issues of a query."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import text

from tests.people import Person, accepted, refused
from tests.statistics.history import History
from tests.statistics.recomputed import comparable, recomputed, visible_rows
from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.issues.queries import read_queries
from tracker.models import Issue, Severity
from tracker.query.predicate import condition_of
from tracker.statistics import figures
from tracker.statistics.daily import DailyStats
from tracker.statistics.dashboard import compute_dashboard
from tracker.statistics.schemas import DashboardStats
from tracker.statistics.window import Window

STATS = "/issues/dashboard/stats"

QUERIES: dict[str, Callable[[Issue, Viewer], bool]] = {
    "tag:ui": lambda issue, _: "ui" in issue.tag_keys,
    "assignee:@me": lambda issue, viewer: issue.assignee_id == viewer.id,
    "-severity:low (status:done OR tag:db)": lambda issue, _: (
        issue.severity != "low" and (issue.status == "done" or "db" in issue.tag_keys)
    ),
    "created:>=2026-04-01 random": lambda issue, _: issue.created_at >= datetime(2026, 4, 1, tzinfo=UTC),
    "nowhere": lambda _issue, _viewer: False,
}


async def figures_of(sessions: Sessions, viewer: Viewer, window: Window, q: str) -> DashboardStats:
    (query,) = read_queries((q,), window.last)
    return (await compute_dashboard(sessions, viewer, window, condition_of(query, viewer, window.zone))).stats


@pytest.fixture
async def window(sessions: Sessions, admin: Person, reporter: Person) -> Window:
    """The days that end with a random history. Nothing is purged: of that nobody knows what queries it met."""
    viewers = [Viewer(id=person.id, role=person.role) for person in (admin, reporter)]
    history = History(sessions, seed=5, admin=viewers[0], reporters=viewers[1:], purges=False)
    now = await history.happen(datetime(2026, 3, 1, 9, tzinfo=UTC), steps=120)
    return Window(days=90, zone=ZoneInfo("Europe/Berlin"), now=now)


async def test_figures_of_a_query_equal_a_recomputation_over_the_issues_that_meet_it(
    sessions: Sessions, admin: Person, reporter: Person, window: Window
) -> None:
    for person in (admin, reporter):
        viewer = Viewer(id=person.id, role=person.role)
        issues = await visible_rows(sessions, None if viewer.is_staff else viewer.id)
        for query, meets in QUERIES.items():
            computed = await figures_of(sessions, viewer, window, query)
            expected = recomputed([issue for issue in issues if meets(issue, viewer)], window, viewer)
            assert comparable(computed, expected) == expected, query


async def test_the_status_histories_of_parts_add_up_to_that_of_the_whole(
    sessions: Sessions, admin: Person, reporter: Person, window: Window
) -> None:
    async with sessions() as session, Transaction(session):
        await DailyStats(session).refresh(window.now)
    for person in (admin, reporter):
        viewer = Viewer(id=person.id, role=person.role)
        whole = (await compute_dashboard(sessions, viewer, window)).stats.status_history
        parts: Counter[tuple[str, str]] = Counter()
        for severity in Severity:
            for day in (await figures_of(sessions, viewer, window, f"severity:{severity}")).status_history:
                counts = msgspec.to_builtins(day)
                date = counts.pop("day")
                parts.update({(date, status): count for status, count in counts.items()})
        for day in whole:
            counts = msgspec.to_builtins(day)
            date = counts.pop("day")
            assert {status: parts[date, status] for status in counts} == counts


async def test_two_queries_are_met_together_and_each_person_has_its_own_answer(
    admin: Person, maintainer: Person, reporter: Person
) -> None:
    await reporter.open_issue("Slow page", tags=["ui"])
    await admin.open_issue("Slow query", tags=["db"], assignee_id=admin.id)
    for person, asked, titles in (
        (admin, ["slow"], ["Slow page", "Slow query"]),
        (admin, ["slow", "tag:db"], ["Slow query"]),
        (admin, ["assignee:@me"], ["Slow query"]),
        (maintainer, ["assignee:@me"], []),
        (reporter, ["slow"], ["Slow page"]),
        (reporter, ["tag:db"], []),
        (admin, ["sort:created"], ["Slow page", "Slow query"]),
        (admin, [], ["Slow page", "Slow query"]),
    ):
        stats = accepted(await person.get(STATS, params={"q": asked}))
        assert [issue["title"] for issue in stats["oldest_open"]] == titles
        assert stats["total"] == len(titles)
        assert sum(tag["count"] for tag in stats["top_tags"]) == len(titles)
        assert stats["flow"][-1]["opened"] == len(titles)
        assert stats["status_history"][-1]["open"] == len(titles)


async def test_a_query_that_makes_no_sense_or_asks_for_the_past_is_refused_and_says_why(maintainer: Person) -> None:
    accepted(await maintainer.get(STATS, params={"q": "status:open"}))
    problem = refused(await maintainer.get(STATS, params={"q": "status:opne"}), 400)
    assert (problem["errors"][0]["field"], problem["errors"][0]["position"]) == ("q", 7)
    problem = refused(await maintainer.get(STATS, params={"q": "as-of:2026-01-01 status:open"}), 400)
    assert "as-of:" in problem["errors"][0]["message"]


async def test_two_of_the_staff_share_the_figures_of_a_query_but_for_their_own_work(
    admin: Person, maintainer: Person
) -> None:
    await admin.open_issue("Slow page", assignee_id=maintainer.id)
    for q, own in (("slow", (0, 1)), ("assignee:@me", (0, 1)), ("-assignee:@me slow", (0, 0))):
        computed: tuple[set[str], set[str]] = set(), set()
        for _ in range(3):  # the new issue may be passed on between two answers
            for times, person, my_open in zip(computed, (admin, maintainer), own, strict=True):
                stats = accepted(await person.get(STATS, params={"q": q}))
                assert stats["my_open"] == my_open
                times.add(stats["computed_at"])
        assert computed[0].isdisjoint(computed[1]) == ("@me" in q)


async def test_queries_that_take_long_leave_connections_to_others(
    sessions: Sessions, maintainer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "STATEMENT_SECONDS", 0.2)
    async with sessions() as session:
        await session.execute(text("LOCK TABLE events"))  # which figures tell the past by
        asking = [asyncio.create_task(maintainer.get(STATS, params={"q": f"tag:{tag}"})) for tag in "abc"]
        (refusal,), others = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        assert "Too many figures" in refused(refusal.result(), 503)["detail"]
        accepted(await maintainer.get("/users/me"))
        await session.rollback()
    for answer in await asyncio.gather(*others):
        assert accepted(answer)["total"] == 0
