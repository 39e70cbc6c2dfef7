"""Reading the event log over HTTP."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tests.people import Person, accepted
from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.issues.schemas import IssueChange
from tracker.issues.services import IssueService


async def now(person: Person) -> str:
    """The cursor of this moment."""
    batch = accepted(await person.get("/events"))
    assert (batch["events"], batch["has_more"], batch["reset"]) == ([], False, False)
    return batch["cursor"]


async def after(person: Person, cursor: str, **params: Any) -> dict[str, Any]:
    return accepted(await person.get("/events", params={"after": cursor, **params}))


async def all_after(person: Person, cursor: str, **params: Any) -> tuple[list[dict[str, Any]], str]:
    """Everything since a cursor, page by page, and the cursor that this leads to."""
    events: list[dict[str, Any]] = []
    while True:
        batch = await after(person, cursor, **params)
        assert not batch["reset"]
        events += batch["events"]
        cursor = batch["cursor"]
        if not batch["has_more"]:
            return events, cursor


def resets(batch: dict[str, Any]) -> bool:
    return batch["reset"] and batch["events"] == [] and not batch["has_more"] and bool(batch["cursor"])


@asynccontextmanager
async def held_open(sessions: Sessions, person: Person, issue_id: int, title: str) -> AsyncGenerator[None]:
    """A change whose transaction commits only at the end of the block."""
    async with sessions() as session, Transaction(session):
        viewer = Viewer(id=person.id, role=person.role)
        await IssueService(session, viewer).change(issue_id, IssueChange(title=title))
        yield
