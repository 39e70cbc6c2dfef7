"""Whoever loads the working set once and then applies events ends where a fresh load would."""

import asyncio
import json
from random import Random
from typing import Any

import pytest

from tests.conftest import Newcomer
from tests.people import Person, accepted
from tracker.models import Role

Row = dict[str, Any]

STATUSES = ["open", "triaged", "in_progress", "done", "cancelled"]
SEVERITIES = ["low", "medium", "high", "critical"]
ROUNDS = 25


class Reader:
    """A client with a store of issues, as the web application keeps it."""

    def __init__(self, person: Person, random: Random) -> None:
        self.person = person
        self.random = random
        self.store: dict[int, Row] = {}
        self.cursor = ""
        self.met: set[int] = set()

    async def load(self) -> None:
        head, *rows = [json.loads(line) for line in (await self.person.get("/issues/snapshot")).text.splitlines()]
        self.cursor = head["cursor"]
        self.store = {row["id"]: row for row in rows}

    async def poll(self) -> bool:
        """Applies one answer of the event log; tells whether it had something."""
        params = {"after": self.cursor, "limit": self.random.choice([1, 3, 500])}
        batch = accepted(await self.person.get("/events", params=params))
        if batch["reset"]:
            await self.load()
            return True
        for event in batch["events"]:
            assert event["id"] not in self.met
            self.met.add(event["id"])
            if event["issue"] is None:
                self.store.pop(event["issue_id"], None)
            else:
                self.store[event["issue_id"]] = event["issue"]
        self.cursor = batch["cursor"]
        return bool(batch["events"])

    async def catch_up(self) -> None:
        while await self.poll():
            pass


class World:
    """People who do things at random; much is refused, which is part of it."""

    def __init__(self, people: list[Person], random: Random) -> None:
        self.people = people
        self.random = random
        self.issues = [1]
        self.comments = [(1, 1)]
        self.deeds = [self.file] * 3 + [self.change] * 8 + [self.comment, self.edit_comment] * 2
        self.deeds += [self.delete_comment, self.delete, self.delete, self.restore, self.purge, self.promote]

    async def act(self) -> None:
        await self.random.choice(self.deeds)(self.random.choice(self.people))

    def words(self) -> str:
        return f"Words {self.random.randrange(1000)}"

    def issue(self) -> str:
        return f"/issues/{self.random.choice(self.issues)}"

    async def file(self, person: Person) -> None:
        tags = self.random.sample(["ui", "net", "api"], self.random.randrange(3))
        self.issues.append((await person.open_issue(self.words(), tags=tags))["id"])

    async def change(self, person: Person) -> None:
        change = self.random.choice(
            [
                {"title": self.words(), "description": self.words() * 200},
                {"status": self.random.choice(STATUSES), "severity": self.random.choice(SEVERITIES)},
                {"tags": [self.words()]},
                {"assignee_id": self.random.choice([None, *(one.id for one in self.people)])},
                {"duplicate_of": self.random.choice([None, *self.issues])},
            ]
        )
        await person.patch(self.issue(), json=change)

    async def comment(self, person: Person) -> None:
        issue = self.issue()
        answer = await person.post(f"{issue}/comments", json={"body": self.words()})
        if answer.status_code == 201:
            self.comments.append((answer.json()["issue_id"], answer.json()["id"]))

    async def edit_comment(self, person: Person) -> None:
        issue_id, comment_id = self.random.choice(self.comments)
        await person.patch(f"/issues/{issue_id}/comments/{comment_id}", json={"body": self.words()})

    async def delete_comment(self, person: Person) -> None:
        issue_id, comment_id = self.random.choice(self.comments)
        await person.delete(f"/issues/{issue_id}/comments/{comment_id}")

    async def delete(self, person: Person) -> None:
        await person.delete(self.issue())

    async def restore(self, person: Person) -> None:
        await person.post(f"{self.issue()}/restore")

    async def purge(self, person: Person) -> None:
        await person.delete(self.issue().replace("/issues/", "/issues/trash/"))

    async def promote(self, _: Person) -> None:
        """The last of the people changes sides."""
        (admin,) = [one for one in self.people if one.role is Role.ADMIN]
        role = self.random.choice(["reporter", "maintainer"])
        await admin.patch(f"/users/{self.people[-1].id}", json={"role": role})


@pytest.mark.parametrize("seed", range(6))
async def test_a_snapshot_and_the_events_since_make_a_fresh_snapshot(newcomer: Newcomer, seed: int) -> None:
    random = Random(seed)
    roles = [Role.REPORTER, Role.REPORTER, Role.MAINTAINER, Role.ADMIN, Role.REPORTER]
    people = [await newcomer(f"Person {number}", role) for number, role in enumerate(roles)]
    readers = [Reader(person, random) for person in people]
    world = World(people, random)
    for reader in readers:
        await reader.load()
    for _ in range(ROUNDS):
        await asyncio.gather(*(world.act() for _ in range(4)), *(reader.poll() for reader in random.sample(readers, 2)))
    heard = 0
    for reader in readers:
        await reader.catch_up()
        heard += len(reader.met)
        fresh = Reader(reader.person, random)
        await fresh.load()
        assert reader.store == fresh.store
        everything = accepted(await reader.person.get("/issues/", params={"limit": 100}))["items"]
        assert reader.store == {row["id"]: row for row in everything}
    assert heard > ROUNDS
