"""The dashboard's figures against what happened."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.people import Person, accepted, refused
from tests.statistics.history import History
from tests.statistics.recomputed import comparable, recomputed, visible_rows
from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.issues.schemas import NewIssue
from tracker.issues.services import IssueService
from tracker.statistics.daily import DailyStats
from tracker.statistics.dashboard import compute_dashboard
from tracker.statistics.window import Window


async def test_staff_sees_figures_over_all_issues_and_a_reporter_over_its_own(
    maintainer: Person, reporter: Person
) -> None:
    await reporter.open_issue("Mine", severity="high", tags=["UI"])
    theirs = await maintainer.open_issue("Theirs", tags=["ui", "db"])
    await maintainer.change(theirs["id"], status="done")
    for person, total, done in ((maintainer, 2, 1), (reporter, 1, 0)):
        stats = accepted(await person.get("/issues/dashboard/stats"))
        assert (stats["total"], stats["by_status"]["done"]) == (total, done)
        assert stats["open_by_severity"] == {"low": 0, "medium": 0, "high": 1, "critical": 0}
        assert [issue["title"] for issue in stats["oldest_open"]] == ["Mine"]
        assert (stats["flow"][-1]["opened"], stats["flow"][-1]["done"]) == (total, done)
        assert len(stats["flow"]) == 30


async def test_other_windows_and_time_zones_are_taken_and_nonsense_is_refused(maintainer: Person) -> None:
    answer = await maintainer.get("/issues/dashboard/stats", params={"days": 365, "tz": "Pacific/Auckland"})
    assert len(accepted(answer)["flow"]) == 365
    for query in ({"days": 31}, {"tz": "Mars/Olympus"}, {"tz": "../etc"}):
        refused(await maintainer.get("/issues/dashboard/stats", params=query), 400)


def this_month() -> Window:
    return Window(days=30, zone=ZoneInfo("UTC"), now=datetime.now(UTC))


START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns"])
async def test_figures_equal_a_recomputation_from_random_histories_for_each_role(
    sessions: Sessions, admin: Person, reporter: Person, stranger: Person, zone: str
) -> None:
    viewers = [Viewer(id=person.id, role=person.role) for person in (admin, reporter, stranger)]
    # Across the nights in March when the clocks change.
    now = await History(sessions, seed=len(zone), admin=viewers[0], reporters=viewers[1:]).happen(START, steps=90)
    window = Window(days=30, zone=ZoneInfo(zone), now=now)
    for viewer in viewers:
        issues = await visible_rows(sessions, None if viewer.is_staff else viewer.id)
        computed = (await compute_dashboard(sessions, viewer, window)).stats
        expected = recomputed(issues, window, viewer)
        assert comparable(computed, expected) == expected


async def test_a_day_on_which_the_clocks_change_begins_and_ends_at_local_midnight(
    sessions: Sessions, admin: Person
) -> None:
    viewer = Viewer(id=admin.id, role=admin.role)
    for moment in ("2026-03-28T22:59", "2026-03-28T23:00", "2026-03-29T21:59", "2026-03-29T22:00"):
        at = datetime.fromisoformat(f"{moment}:00+00:00")
        async with sessions() as session, Transaction(session):
            await IssueService(session, viewer, clock=lambda at=at: at).open(NewIssue(title=moment))
    window = Window(days=30, zone=ZoneInfo("Europe/Berlin"), now=datetime(2026, 3, 31, tzinfo=UTC))
    flow = {day.day.isoformat(): day.opened for day in (await compute_dashboard(sessions, viewer, window)).stats.flow}
    assert [flow[day] for day in ("2026-03-28", "2026-03-29", "2026-03-30")] == [1, 2, 1]


async def test_a_reopened_issue_is_not_closed_until_it_is_closed_again(sessions: Sessions, admin: Person) -> None:
    viewer = Viewer(id=admin.id, role=admin.role)
    issue = await admin.open_issue()
    for status, done, count in (("done", 1, 1), ("in_progress", 0, 0), ("cancelled", 0, 0), ("done", 1, 1)):
        await admin.change(issue["id"], status=status)
        stats = (await compute_dashboard(sessions, viewer, this_month())).stats
        assert (stats.flow[-1].done, stats.time_to_close.count) == (done, count)


async def test_todays_statuses_in_the_history_are_as_of_now_whenever_the_job_ran(
    sessions: Sessions, admin: Person, reporter: Person
) -> None:
    issue = await reporter.open_issue()
    async with sessions() as session, Transaction(session):
        await DailyStats(session).refresh(datetime.now(UTC))
    await admin.change(issue["id"], status="triaged")
    for person in (admin, reporter):
        stats = accepted(await person.get("/issues/dashboard/stats"))
        *past, today = stats["status_history"]
        assert {**stats["by_status"], "day": stats["computed_at"][:10]} == today
        assert (today["open"], today["triaged"]) == (0, 1)
        assert all(day["day"] < today["day"] for day in past)


async def test_a_reporters_status_history_counts_its_own_issues_only(
    sessions: Sessions, admin: Person, reporter: Person
) -> None:
    await admin.open_issue()
    mine = await reporter.open_issue()
    await admin.change(mine["id"], status="done")
    async with sessions() as session, Transaction(session):
        await DailyStats(session).refresh(datetime.now(UTC))
    for person, total in ((reporter, 1), (admin, 2)):
        viewer = Viewer(id=person.id, role=person.role)
        today = (await compute_dashboard(sessions, viewer, this_month())).stats.status_history[-1]
        assert (today.open + today.done, today.done) == (total, 1)
