"""Every operation for every kind of caller, as `matrix.md` says."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.access.table import Row, rows
from tests.conftest import Newcomer
from tests.operations import all_operations, operation
from tests.people import PASSWORD, Person, sign_in
from tests.scene import objects_of
from tracker.models import Role


class Scene:
    """One caller of each kind, and fresh objects for every request."""

    def __init__(self, people: dict[str, Person], operator: Person, client: AsyncClient) -> None:
        self.people = people
        self._operator = operator
        self._client = client

    async def status_of(self, row: Row, actor: str) -> int:
        """What the actor is answered."""
        path = row.path.format(**await self._objects(row))
        client: AsyncClient = self.people.get(actor, self._client)
        request = {"json": row.body} if row.body else operation(row.operation_id).example_request()
        if row.operation_id in {"registerUser", "createUser"}:
            request["json"] |= {"email": f"new.{actor}@example.com"}
        if row.state == "own password":
            request["json"] = {"email": getattr(client, "email", "nobody@example.com"), "password": PASSWORD}
        if row.state == "own refresh cookie" and actor in self.people:
            client = await self._browser_of(self.people[actor])
        if actor == "deactivated":
            await self._operator.delete(f"/users/{self.people[actor].id}")
        response = await client.request(row.method, path, params=row.query, **request)
        return int(response.status_code)

    async def _objects(self, row: Row) -> dict[str, Any]:
        """The reporter's objects, if the path names any."""
        author = self.people["maintainer"] if row.state == "by the maintainer" else None
        objects = await objects_of(self.people["own"], row.path, self._client, author=author, admin=self._operator)
        if row.state == "in the trash":
            await self._operator.delete(f"/issues/{objects['issue_id']}")
        self._client.cookies.clear()
        return objects

    async def _browser_of(self, person: Person) -> AsyncClient:
        """A client that holds nothing but the person's refresh cookie."""
        self._client.cookies.clear()
        await sign_in(self._client, person.email)
        return self._client


@pytest.fixture
async def scene(newcomer: Newcomer, admin: Person, client: AsyncClient) -> Scene:
    roles = {
        "own": Role.REPORTER,
        "foreign": Role.REPORTER,
        "maintainer": Role.MAINTAINER,
        "admin": Role.ADMIN,
        "deactivated": Role.ADMIN,
    }
    return Scene({name: await newcomer(name, role) for name, role in roles.items()}, admin, client)


@pytest.mark.parametrize("row", rows(), ids=str)
async def test_everybody_is_answered_as_the_matrix_says(row: Row, scene: Scene) -> None:
    answered = {actor: await scene.status_of(row, actor) for actor in row.expected}
    assert answered == row.expected


def test_every_operation_has_a_row_and_every_row_is_an_operation() -> None:
    documented = {(operation.id, operation.method, operation.path) for operation in all_operations()}
    assert {(row.operation_id, row.method, row.path) for row in rows()} == documented


@pytest.mark.parametrize("row", rows(), ids=str)
def test_every_answer_in_the_matrix_is_documented(row: Row) -> None:
    assert {str(status) for status in row.expected.values()} <= operation(row.operation_id).responses.keys()
