"""What queries find is what they mean: the SQL against a reading of the documentation in plain Python."""

import json
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.conftest import Newcomer
from tests.people import Person, accepted
from tests.query.language import QUESTIONS
from tests.query.meaning import Asker, Question
from tests.query.world import NOW, Known, keep, make
from tracker.issues import hindsight, list_statements, listing
from tracker.models import Role
from tracker.query.estimates import Estimates

ANSWERS = Path(__file__).with_name("answers.json")


class World:
    """Of few words, which failures repeat."""

    def __init__(self, issues: list[Known], viewers: list[Person]) -> None:
        self.issues = issues
        self.viewers = viewers


@pytest.fixture
async def world(
    newcomer: Newcomer, sessions: async_sessionmaker[AsyncSession], monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[World]:
    """Eighty issues; of eight people, an admin and a reporter ask."""
    staff = [
        await newcomer("Ada Admin", Role.ADMIN),
        await newcomer("Ann Lee", Role.MAINTAINER),
        await newcomer("Élodie Groß", Role.MAINTAINER),
    ]
    others = [await newcomer(name) for name in ("Rob Reporter", "Lee Major", "Robin Annan")]
    issues = make([*staff, *others], 80)
    async with sessions() as session:
        await keep(session, issues)
        await session.commit()
    monkeypatch.setattr(listing.IssueList.__init__, "__defaults__", (lambda: NOW,))
    monkeypatch.setattr("tracker.issues.words.REACH", 10)
    monkeypatch.setattr(listing, "REACHES", (5, 20))
    monkeypatch.setattr(listing, "LATEST", 20)
    _forget()
    yield World(issues, [staff[0], others[0]])
    _forget()
    async with sessions() as session:
        await session.execute(text("DELETE FROM search_documents"))
        await session.commit()


def _always(*_: Any) -> bool:
    return True


def _forget() -> None:
    """Statements as they were made for other settings."""
    list_statements.prepare.cache_clear()


@settings(
    derandomize=True,
    database=None,
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    question=QUESTIONS,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    limit=st.sampled_from([100, 100, 7]),
    words=st.sampled_from(["common", "rare"]),
    past=st.sampled_from(["common", "rare"]),
    totals=st.sampled_from(["dear", "cheap"]),
)
async def test_a_query_finds_what_it_means(
    world: World, question: Question, zone: str, limit: int, words: str, past: str, totals: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if words == "common":
            patch.setattr(Estimates, "is_common", _always)
        if past == "common":
            patch.setattr(hindsight, "MOST_AT_ONCE", 0)
        if totals == "dear":
            patch.setattr(listing, "DEAR", 0)
        for viewer in world.viewers:
            expected = question.answer(world.issues, Asker(viewer, ZoneInfo(zone), NOW))
            assert await found(viewer, question.text, zone, limit) == expected, question.text


async def test_the_web_app_is_held_to_the_same_answers(world: World) -> None:
    """`web/src/lib/query/matching.test.ts` reads them. To write them anew: `WRITE_ANSWERS=1 pytest …`."""
    answers = json.loads(ANSWERS.read_text(encoding="utf-8"))
    viewer, *_ = world.viewers
    page = accepted(await viewer.get("/issues/", params={"sort": "created", "limit": 100}))
    rows = sorted((row for row in page["items"] if row["id"] <= 30), key=lambda row: row["id"])
    told: dict[str, Any] = {
        "zone": "Europe/Berlin",
        "today": "2026-04-01",
        "viewer_id": viewer.id,
        "rows": rows,
        "found": {},
    }
    assert Asker(viewer, ZoneInfo(told["zone"]), NOW).today.isoformat() == told["today"]
    for query in answers["found"]:
        numbers = await found(viewer, query, told["zone"], 100)
        told["found"][query] = sorted(number for number in numbers if number <= 30)
    if "WRITE_ANSWERS" in os.environ:
        ANSWERS.write_text(json.dumps(told, ensure_ascii=False).replace('}, {"id": ', '},\n{"id": ') + "\n", "utf-8")
    else:
        assert told == answers


async def found(viewer: Person, query: str, zone: str, limit: int) -> list[int]:
    """The numbers on all pages."""
    numbers: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"q": query, "tz": zone, "limit": limit, **cursor}
        page = accepted(await viewer.get("/issues/", params=params))
        numbers += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            assert page["total"] == len(numbers) or (page["total_is_capped"] and page["total"] < len(numbers))
            return numbers
        cursor = {"cursor": page["next_cursor"]}
