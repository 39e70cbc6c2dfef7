"""Random work on issues, by anybody, whether allowed or not."""

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

from httpx import Response

from tests.people import Person

STATUSES = ("open", "triaged", "in_progress", "done", "cancelled")
SEVERITIES = ("low", "medium", "high", "critical")
TAGS = ("login", "session", "ui", "Ärger")


class Work:
    """Knows what it made, so that most of what it tries hits something.

    Args:
        people: who acts; what a person writes names them, so that it is recognised where it must not be.
        random: makes a sequence repeatable.
    """

    def __init__(self, people: Sequence[Person], random: Random) -> None:
        self._people = people
        self._random = random
        self._issues: list[int] = []
        self._comments: list[tuple[int, int]] = []
        self._number = 0

    async def step(self) -> Response:
        """One request, which may well be refused."""
        person = self._random.choice(self._people)
        self._number += 1
        if not self._issues or self._random.random() < 0.15:
            return await self.open(person)
        issue_id = self._random.choice(self._issues)
        path = f"/issues/{issue_id}"
        requests: list[Callable[[], Awaitable[Response]]] = [
            lambda: person.patch(path, json=self._change(person)),
            lambda: self._comment(person, issue_id),
            lambda: person.patch(self._any_comment(), json={"body": self._text(person)}),
            lambda: person.delete(self._any_comment()),
            lambda: person.delete(path),
            lambda: person.post(f"{path}/restore"),
            lambda: person.delete(f"/issues/trash/{issue_id}"),
        ]
        return await self._random.choices(requests, weights=(8, 4, 1, 1, 1, 1, 1))[0]()

    async def open(self, person: Person) -> Response:
        answer = await person.post("/issues/", json={"title": self._text(person), "description": self._text(person)})
        if answer.is_success:
            self._issues.append(answer.json()["id"])
        return answer

    async def _comment(self, person: Person, issue_id: int) -> Response:
        answer = await person.post(f"/issues/{issue_id}/comments", json={"body": self._text(person)})
        if answer.is_success:
            self._comments.append((issue_id, answer.json()["id"]))
        return answer

    def _change(self, person: Person) -> dict[str, Any]:
        staff = [one.id for one in self._people if one.role != "reporter"]
        possible = {
            "title": self._text(person),
            "description": self._text(person),
            "status": self._random.choice(STATUSES),
            "severity": self._random.choice(SEVERITIES),
            "tags": self._random.sample(TAGS, self._random.randrange(3)),
            "assignee_id": self._random.choice([None, *staff]),
            "duplicate_of": self._random.choice([None, *self._issues]),
        }
        names = list(possible)[:2] if person.role == "reporter" else list(possible)
        return {name: possible[name] for name in self._random.sample(names, self._random.randint(1, 2))}

    def _any_comment(self) -> str:
        issue_id, comment_id = self._random.choice(self._comments or [(1, 1)])
        return f"/issues/{issue_id}/comments/{comment_id}"

    def _text(self, person: Person) -> str:
        return f"{mark_of(person)} wrote number {self._number}"


def mark_of(person: Person) -> str:
    """Stands in everything that the person writes, and nowhere else."""
    return f"<{person.id}:{person.email}>"
