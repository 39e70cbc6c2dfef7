"""Who acts in the tests."""

from typing import Any, cast

from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncBaseTransport, AsyncClient, Response
from litestar import Litestar

from tracker.models import Role

PASSWORD = "correct horse"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1).hash(PASSWORD)


class Person(AsyncClient):
    """A client that is signed in as somebody."""

    def __init__(self, transport: AsyncBaseTransport, user_id: int, name: str, role: Role, email: str) -> None:
        super().__init__(transport=transport, base_url="http://test")
        self.id = user_id
        self.name = name
        self.role = role
        self.email = email

    @property
    def token(self) -> str:
        """The access token."""
        return self.headers["Authorization"].removeprefix("Bearer ")

    def sign_in_with(self, access_token: str) -> None:
        self.headers["Authorization"] = f"Bearer {access_token}"

    async def open_issue(self, title: str = "Login fails", **fields: Any) -> dict[str, Any]:
        return accepted(await self.post("/issues/", json={"title": title, **fields}), 201)

    async def change(self, issue_id: int, **fields: Any) -> dict[str, Any]:
        return accepted(await self.patch(f"/issues/{issue_id}", json=fields))

    async def comment(self, issue_id: int, body: str = "Same here.") -> dict[str, Any]:
        return accepted(await self.post(f"/issues/{issue_id}/comments", json={"body": body}), 201)


def client_at(address: str, **options: Any) -> AsyncClient:
    """Somebody with no account, over TCP; as patient as a machine with much to do makes one be."""
    return AsyncClient(base_url=address, timeout=60, trust_env=False, **options)


def transport_to(app: Litestar) -> ASGITransport:
    return ASGITransport(cast("Any", app))  # httpx and Litestar name ASGI's types differently


def accepted(response: Response, status: int = 200) -> Any:
    """The body of an answer that is as wished."""
    assert response.status_code == status, response.text
    return response.json()


def refused(response: Response, status: int) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].split(";")[0] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem


async def sign_in(client: AsyncClient, email: str, password: str = PASSWORD) -> dict[str, Any]:
    """Signs in by password; the client keeps the refresh cookie."""
    return accepted(await client.post("/users/token", json={"email": email, "password": password}))
