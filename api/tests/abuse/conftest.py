"""Everybody in these tests stands outside; whatever they do, nothing may fail, and no secret may be logged."""

from collections.abc import AsyncGenerator

import pytest
from httpx import AsyncClient
from litestar import Litestar

from tests.abuse.installation import Installation, installation
from tests.conftest import Newcomer
from tests.people import Person, client_at
from tests.proxy import NGINX
from tracker.core.database import Sessions
from tracker.models import Role
from tracker.settings import Settings


@pytest.fixture(scope="package")
async def house(settings: Settings, app: Litestar) -> AsyncGenerator[Installation]:
    if NGINX is None:
        pytest.skip("NO NGINX HERE: nobody attacks from outside")
    async with installation(settings) as house:
        yield house


@pytest.fixture(autouse=True)
async def unharmed(house: Installation, sessions: Sessions) -> AsyncGenerator[None]:
    """Nothing failed inside or at the door, all are well, and nobody finds in a log what they could use."""
    answered, logged = len(house.requests()), {log: len(entries) for log, entries in house.entries().items()}
    yield
    for replica in house.replicas:
        async with client_at(f"http://{replica}") as inside:
            assert (await inside.get("/health/live")).status_code == 200
            assert (await inside.get("/health/ready")).json()["status"] == "ok"
    assert [entry for entry in house.requests()[answered:] if entry["status"] >= 500] == []
    entries = [entry for log, entries in house.entries().items() for entry in entries[logged[log] :]]
    bad = [entry for entry in entries if entry["level"] not in {"info", "warning"} or "exception" in entry]
    assert bad == []
    assert [entry for entry in entries if entry.get("status", 0) >= 500] == []
    everything = house.everything_logged()
    assert [secret for secret in house.secrets if secret in everything] == []


@pytest.fixture
async def newcomer(newcomer: Newcomer, house: Installation) -> AsyncGenerator[Newcomer]:
    people: list[Person] = []

    async def arrive(name: str, role: Role = Role.REPORTER) -> Person:
        people.append(house.before_the_door(await newcomer(name, role)))
        return people[-1]

    yield arrive
    for person in people:
        await person.aclose()


@pytest.fixture
async def client(house: Installation) -> AsyncGenerator[AsyncClient]:
    async with house.at_the_door() as client:
        yield client
