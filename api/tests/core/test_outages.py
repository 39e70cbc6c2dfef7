"""PostgreSQL or Redis is away for a while."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.conftest import SECRET_KEY, Installed
from tests.people import PASSWORD, Person, accepted, refused, sign_in, transport_to
from tracker.app import create_app
from tracker.core.migrations import migrations
from tracker.local.databases import postgres, valkey
from tracker.settings import Settings

REGISTRATION = {"email": "ann@example.com", "password": PASSWORD, "full_name": "Ann Lee", "role": "admin"}
BACK_SECONDS = 60


@pytest.fixture
def directory() -> Generator[Path]:
    """Where a test runs databases of its own, and stops them."""
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


@asynccontextmanager
async def installation(database_url: str, **more: str) -> AsyncGenerator[AsyncClient]:
    environment = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY} | more
    app = create_app(Settings.from_environment(environment))
    async with app.lifespan(), AsyncClient(transport=transport_to(app), base_url="http://test") as client:
        yield client


async def test_without_postgresql_everything_is_503_until_it_is_back(directory: Path) -> None:
    with postgres(directory, durable=False) as database_url:
        settings = Settings.from_environment({"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY})
        await asyncio.to_thread(migrations(settings).upgrade)
    async with installation(database_url) as client:
        with postgres(directory, durable=False):
            accepted(await client.post("/users/register", json=REGISTRATION), 201)
            access = (await sign_in(client, REGISTRATION["email"]))["access_token"]
            client.headers["Authorization"] = f"Bearer {access}"
            issue = accepted(await client.post("/issues/", json={"title": "Before"}), 201)

        requests: list[tuple[str, str, dict[str, Any] | None]] = [
            ("GET", "/issues/", None),
            ("GET", f"/issues/{issue['id']}", None),
            ("GET", "/issues/snapshot", None),
            ("GET", "/events", None),
            ("POST", "/issues/", {"title": "During"}),
            ("PATCH", f"/issues/{issue['id']}", {"title": "During"}),
            ("POST", "/users/token", {"email": REGISTRATION["email"], "password": PASSWORD}),
            ("POST", "/users/token/refresh", None),
        ]
        for method, address, body in requests * 2:
            answer = await client.request(method, address, json=body)
            problem = refused(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
            assert str(directory) not in answer.text
            assert "sql" not in problem["detail"].lower()
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "unreachable")

        with postgres(directory, durable=False):
            async with asyncio.timeout(BACK_SECONDS):
                while (await client.get("/health/ready")).status_code != 200:  # noqa: ASYNC110  # nothing tells us when
                    await asyncio.sleep(0.05)
            assert accepted(await client.get(f"/issues/{issue['id']}")) == issue
            accepted(await client.post("/issues/", json={"title": "After"}), 201)
            assert accepted(await client.get("/issues/"))["total"] == 2


async def connections(sessions: async_sessionmaker[AsyncSession]) -> set[int]:
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    async with sessions() as session:
        return set(await session.scalars(text(query)))


async def test_cut_connections_are_made_anew(
    installed: Installed, admin: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    of_others = await connections(sessions)
    replica = await installed()
    replica.headers["Authorization"] = admin.headers["Authorization"]
    await asyncio.gather(*(replica.get("/issues/") for _ in range(8)))
    own = await connections(sessions) - of_others
    assert own
    async with sessions() as session:
        for pid in own:
            await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    answers = await asyncio.gather(*(replica.post("/issues/", json={"title": "Now"}) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {201, 503}
    # One trouble is enough to throw away all connections that were open by then.
    for answer in await asyncio.gather(*(replica.post("/issues/", json={"title": "Then"}) for _ in range(8))):
        accepted(answer, 201)


async def works(client: AsyncClient, admin: Person, name: str) -> None:
    """A day's work: registration, sign-in, refresh, reading, writing, events, administration, statistics."""
    email = f"{name}@example.com"
    registration = {"email": email, "password": PASSWORD, "full_name": name}
    user = accepted(await client.post("/users/register", json=registration), 201)
    access = (await sign_in(client, email))["access_token"]
    accepted(await client.post("/users/token/refresh"))
    headers = {"Authorization": f"Bearer {access}"}
    cursor = accepted(await client.get("/events", headers=headers))["cursor"]
    new = accepted(await client.post("/issues/", json={"title": name}, headers=headers), 201)
    staff = {"Authorization": admin.headers["Authorization"]}
    address = f"/issues/{new['id']}"
    accepted(await client.patch(address, json={"status": "triaged"}, headers=staff))
    accepted(await client.post(f"{address}/comments", json={"body": "Seen."}, headers=staff), 201)
    events = accepted(await client.get("/events", params={"after": cursor}, headers=headers))["events"]
    assert [event["type"] for event in events] == ["issue.created", "issue.updated", "comment.created"]
    assert accepted(await client.get("/issues/", headers=headers))["items"][0]["status"] == "triaged"
    accepted(await client.get("/issues/dashboard/stats", headers=headers))
    assert (await client.get("/health/ready")).status_code == 200
    accepted(await client.patch(f"/users/{user['id']}", json={"is_active": False}, headers=staff))
    refused(await client.get("/users/me", headers=headers), 401)


async def test_without_redis_everything_works(installed: Installed, admin: Person, directory: Path) -> None:
    await works(await installed(redis_url=None), admin, "none")
    await works(await installed(redis_url=f"unix://{directory}/nowhere.sock"), admin, "nowhere")


async def test_redis_may_go_and_come_back(installed: Installed, admin: Person, directory: Path) -> None:
    with valkey(directory, durable=False) as redis_url:
        client = await installed(redis_url=redis_url)
        await works(client, admin, "before")
    await works(client, admin, "during")
    with valkey(directory, durable=False):
        await works(client, admin, "after")


async def test_what_waits_too_long_for_a_lock_is_503(
    maintainer: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as session:
        await session.execute(text("LOCK TABLE issues"))
        refused(await maintainer.get("/issues/"), 503)
