"""For tests over all operations: somebody who may do everything, and an object for every id in a path."""

from typing import Any

from httpx import AsyncClient, Response

from tests.operations import Operation
from tests.people import Person, accepted, refused, sign_in

REQUIRED = {"from": "2026-01-01", "to": "2026-01-31", "q": "login", "title": "Login"}
"""Query parameters that an operation can't do without."""
INTERNALS = (
    "Traceback",
    'File "',
    "site-packages",
    "sqlalchemy",
    "asyncpg",
    "litestar",
    "msgspec",
    "SELECT ",
    "INSERT ",
)


class Scene:
    """What is refused here is refused for its input, not for who asks or for what isn't there."""

    def __init__(self, caller: Person, objects: dict[str, Any]) -> None:
        self.caller = caller
        self.objects = objects

    async def call(
        self, operation: Operation, *, ids: dict[str, str] | None = None, query: str = "", **request: Any
    ) -> Response:
        """Sends a request that is right but for what is given: ids as they are to stand in the path, a raw query."""
        address = operation.path.format(**(self.objects | (ids or {})))
        for parameter in operation.parameters:
            name = parameter["name"]
            if parameter["in"] == "query" and parameter.get("required") and f"{name}=" not in query:
                query += f"&{name}={REQUIRED[name]}"
        return await self.caller.request(operation.method, f"{address}?{query}" if query else address, **request)


async def set_scene(operation: Operation, client: AsyncClient, admin: Person, reporter: Person) -> Scene:
    objects = await objects_of(admin, operation.path, client)
    return Scene(admin, objects | {"user_id": reporter.id})


async def objects_of(
    person: Person, path: str, browser: AsyncClient, *, author: Person | None = None, admin: Person | None = None
) -> dict[str, Any]:
    """Objects of the person for the ids in a path.

    Args:
        person: whose they are.
        path: as the OpenAPI document spells it.
        browser: to sign in with on another device.
        author: who commented or attached the file, if not the person.
        admin: who uploaded what is to be imported, if not the person.
    """
    author = author or person
    objects: dict[str, Any] = {"user_id": person.id}
    if "{issue_id}" in path:
        objects["issue_id"] = (await person.open_issue(tags=["secret"]))["id"]
    if "{comment_id}" in path:
        objects["comment_id"] = (await author.comment(objects["issue_id"]))["id"]
    if "{attachment_id}" in path:
        files = {"files": ("notes.txt", b"It fails on Mondays.", "text/plain")}
        attached = await author.post(f"/issues/{objects['issue_id']}/attachments", files=files)
        objects["attachment_id"] = accepted(attached, 201)[0]["id"]
    if "{session_id}" in path:
        await sign_in(browser, person.email)
        devices = accepted(await person.get("/users/me/sessions"))
        objects["session_id"] = next(device["id"] for device in devices if not device["current"])
    if "{import_id}" in path:
        files = {"files": ("issues.csv", b"id,title,status\n1,Login fails,open\n", "text/csv")}
        # Others can't; and whether it is there makes no difference to them.
        objects["import_id"] = (await (admin or person).post("/imports", files=files)).json().get("id", 1)
    return objects


def turned_away(response: Response) -> dict[str, Any]:
    """The problem document of a refusal for which the caller is to blame, and that tells nothing of the inside."""
    assert 400 <= response.status_code < 500, f"{response.status_code}: {response.text[:300]}"
    problem = refused(response, response.status_code)
    assert not [word for word in INTERNALS if word.lower() in response.text.lower()], response.text
    return problem
