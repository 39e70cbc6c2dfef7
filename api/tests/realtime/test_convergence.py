"""State and events make the state that a fresh reading gives, for everybody."""

import asyncio
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person
from tests.realtime.changes import Work, mark_of
from tests.realtime.mirror import Mirror

STEPS = 150
SETTLING_SECONDS = 60.0


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_applies_the_events_has_what_a_fresh_reading_gives(
    seed: int,
    address: str,
    twin: str,
    admin: Person,
    maintainer: Person,
    reporter: Person,
    stranger: Person,
    sessions: async_sessionmaker[AsyncSession],
) -> None:
    random = Random(seed)
    people = [admin, maintainer, reporter, stranger]
    mirrors = [
        Mirror(person, lambda: f"ws://{random.choice([address, twin])}/ws", lambda p=person: p.token)
        for person in people
    ]
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(mirror.run()) for mirror in mirrors]
        for mirror in mirrors:
            await mirror.loaded.wait()
        work = Work(people, random)
        done = 0
        while done < STEPS:
            answers = await asyncio.gather(*(work.step() for _ in range(random.randint(1, 4))))
            assert all(answer.status_code < 500 for answer in answers)
            done += sum(answer.is_success for answer in answers)
            if random.random() < 0.1:
                random.choice(mirrors).drop()
        for person in people:
            assert (await work.open(person)).is_success  # which everybody has something to see of
        for mirror in mirrors:
            await mirror.settle(SETTLING_SECONDS)
        for task in running:
            task.cancel()
    assert all(mirror.heard and mirror.issues for mirror in mirrors), [(m.heard, len(m.issues)) for m in mirrors]
    for mirror in mirrors:
        async with sessions() as session:
            assert await mirror.missed(session) == set()
        assert mirror.doubled() == set()
        for author in people:
            # Comments and changes by staff on a reporter's own issues are for the reporter, too.
            if author in {reporter, stranger} and mirror.person in {reporter, stranger} - {author}:
                assert mark_of(author) not in "".join(mirror.raw)
