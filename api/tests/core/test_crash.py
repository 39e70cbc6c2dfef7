"""Killing the API in the middle of writing."""

import asyncio
from asyncio.subprocess import Process
from typing import Any

import pytest
from httpx import AsyncClient, Limits, Response, TransportError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, client_at
from tests.processes import serving_process
from tracker.settings import Settings

WRITES, WRITES_AT_ONCE = 200, 50
PATIENCE_SECONDS = 120

UNTOLD = {
    "an issue without its first event": """
        SELECT id FROM issues
        WHERE NOT EXISTS (SELECT FROM events WHERE issue_id = issues.id AND type = 'issue.created')
    """,
    "a version without its event": """
        SELECT id FROM issues WHERE version <> 1 + (
            SELECT count(*) FROM events WHERE issue_id = issues.id AND type = 'issue.updated'
        )
    """,
    "a title that the events don't lead to": """
        SELECT id FROM issues WHERE title <> (
            SELECT changes->'title'->>1 FROM events WHERE issue_id = issues.id AND changes ? 'title'
            ORDER BY id DESC LIMIT 1
        )
    """,
    "a comment without its event": """
        SELECT id FROM comments WHERE NOT EXISTS (
            SELECT FROM events WHERE type = 'comment.created' AND (changes->'comment_id'->>1)::bigint = comments.id
        )
    """,
    "an event without its comment": """
        SELECT id FROM events WHERE type = 'comment.created' AND NOT EXISTS (
            SELECT FROM comments WHERE id = (changes->'comment_id'->>1)::bigint
        )
    """,
    "a wrong number of comments": """
        SELECT id FROM issues WHERE comment_count <> (SELECT count(*) FROM comments WHERE issue_id = issues.id)
    """,
}


class Writer:
    """Sends writes of all kinds at once and remembers those that were acknowledged."""

    def __init__(self, client: AsyncClient, issues: list[int]) -> None:
        self.client = client
        self.issues = issues
        self.acknowledged: list[tuple[str, Response]] = []
        self.one_more = asyncio.Event()

    async def write(self, number: int) -> None:
        words = f"Write {number}"
        issue = f"/issues/{self.issues[number % len(self.issues)]}"
        method, address, body = [
            ("POST", "/issues/", {"title": words}),
            ("PATCH", issue, {"title": words}),
            ("POST", f"{issue}/comments", {"body": words}),
        ][number % 3]
        headers = {"Idempotency-Key": f"write-{number}"}
        try:
            # A loaded machine turns some away at first.
            while (answer := await self.client.request(method, address, json=body, headers=headers)).status_code == 503:
                pass
        except TransportError:
            return
        assert answer.status_code in {200, 201}, answer.text
        self.acknowledged.append((words, answer))
        self.one_more.set()

    async def kill_after(self, process: Process, count: int) -> None:
        while len(self.acknowledged) < count:
            await self.one_more.wait()
            self.one_more.clear()
        process.kill()
        await process.wait()


@pytest.mark.parametrize("acknowledged", [20, 120])
async def test_no_acknowledged_write_is_lost_and_no_change_is_without_its_event(
    settings: Settings, maintainer: Person, sessions: async_sessionmaker[AsyncSession], acknowledged: int
) -> None:
    issues = [(await maintainer.open_issue(f"Issue {number}"))["id"] for number in range(7)]
    limits, headers = Limits(max_connections=WRITES_AT_ONCE), {"Authorization": maintainer.headers["Authorization"]}
    async with (
        serving_process(settings) as (process, address),
        client_at(address, headers=headers, limits=limits) as client,
    ):
        writer = Writer(client, issues)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(
                writer.kill_after(process, acknowledged), *(writer.write(number) for number in range(WRITES))
            )
    assert acknowledged <= len(writer.acknowledged) < WRITES

    async with sessions() as session:
        for trouble, query in UNTOLD.items():
            assert list(await session.scalars(text(query))) == [], trouble
        told = {row.id: row.changes for row in await session.execute(text("SELECT id, changes FROM events"))}
    for words, answer in writer.acknowledged:
        changes: dict[str, Any] = told[int(answer.headers["x-event-ids"])]
        assert [None, words] in changes.values() or changes["title"][1] == words

    # Whoever heard nothing sends it again, to another process: nothing is done twice.
    async with (
        serving_process(settings) as (_, address),
        client_at(address, headers=headers, limits=limits) as client,
    ):
        again = Writer(client, issues)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(again.write(number) for number in range(WRITES)))
            while len(again.acknowledged) < WRITES:
                done = {words for words, _ in again.acknowledged}
                missing = [number for number in range(WRITES) if f"Write {number}" not in done]
                await asyncio.gather(*(again.write(number) for number in missing))
        page = accepted(await client.get("/issues/"))
    assert page["total"] == len(issues) + len(range(0, WRITES, 3))
    async with sessions() as session:
        comments = await session.scalar(text("SELECT count(*) FROM comments"))
        assert comments == len(range(2, WRITES, 3))
        for trouble, query in UNTOLD.items():
            assert list(await session.scalars(text(query))) == [], trouble
    first_answers = dict(writer.acknowledged)
    for words, answer in again.acknowledged:
        if words in first_answers:
            assert answer.content == first_answers[words].content
