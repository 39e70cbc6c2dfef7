"""One PostgreSQL and one Valkey a test process, one application on one event loop, an empty database a test."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import PASSWORD_HASH, Person, transport_to
from tracker.app import create_app
from tracker.core.migrations import migrations
from tracker.core.redis import redis_client
from tracker.local import Databases, ephemeral
from tracker.models import Base, Role, Session, User
from tracker.settings import Settings

SECRET_KEY = "a secret for tests, 32 bytes or more"

_TABLES = [table.name for table in reversed(Base.metadata.sorted_tables)]

# Most tests leave a few rows: to delete them is a hundred times faster than TRUNCATE, which makes new files for every
# table and index. Not so for many rows, which are looked for in all tables that refer to them.
_EMPTY_ALL_TABLES = f"""
DO $$
BEGIN
    IF (SELECT max(pg_relation_size(relid)) > 1000000 FROM pg_stat_user_tables) THEN
        TRUNCATE {", ".join(_TABLES)} RESTART IDENTITY;
    ELSE
        {" ".join(f"DELETE FROM {table};" for table in _TABLES)}
        PERFORM setval(format('%I.%I', schemaname, sequencename), 1, false) FROM pg_sequences;
    END IF;
END $$
"""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def databases() -> Generator[Databases]:
    """Those of the environment, or embedded ones; the schema is up to date."""
    if "TEST_DATABASE_URL" in os.environ:
        yield Databases(os.environ["TEST_DATABASE_URL"], os.environ["TEST_REDIS_URL"])
        return
    with ephemeral(autovacuum=False) as servers:
        yield servers


@pytest.fixture(scope="session")
def settings(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings.from_environment(
        {
            "DATABASE_URL": databases.database_url,
            "REDIS_URL": databases.redis_url,
            "SECRET_KEY": SECRET_KEY,
            "UPLOAD_STORE": str(tmp_path_factory.mktemp("uploads")),
        }
    )
    migrations(settings).upgrade()
    return settings


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncGenerator[Litestar]:
    app = create_app(settings)
    async with app.lifespan():
        yield app


@pytest.fixture
async def sessions(app: Litestar) -> async_sessionmaker[AsyncSession]:
    """The application's own way to the database, emptied first."""
    async with app.state.sessions() as session:
        await session.execute(text(_EMPTY_ALL_TABLES))
        await session.execute(text("INSERT INTO installation DEFAULT VALUES"))
        await session.commit()
    async with redis_client(app.state.settings.redis_url) as redis:
        await redis.flushdb()  # pyright: ignore[reportUnknownMemberType]
    return app.state.sessions


@pytest.fixture
async def client(app: Litestar, sessions: async_sessionmaker[AsyncSession]) -> AsyncGenerator[AsyncClient]:
    """Nobody in particular."""
    async with AsyncClient(transport=transport_to(app), base_url="http://test") as client:
        yield client


Installed = Callable[..., Awaitable[AsyncClient]]


@pytest.fixture
async def installed(settings: Settings, sessions: async_sessionmaker[AsyncSession]) -> AsyncGenerator[Installed]:
    """Another replica on the same database with other settings: `await installed(open_registration=False)`."""
    async with AsyncExitStack() as replicas:

        async def install(**changed: Any) -> AsyncClient:
            replica = create_app(msgspec.structs.replace(settings, **changed))
            await replicas.enter_async_context(replica.lifespan())
            transport = transport_to(replica)
            return await replicas.enter_async_context(AsyncClient(transport=transport, base_url="http://test"))

        yield install


Newcomer = Callable[..., Awaitable[Person]]


@pytest.fixture
async def newcomer(app: Litestar, sessions: async_sessionmaker[AsyncSession]) -> AsyncGenerator[Newcomer]:
    """Makes signed-in people: `await newcomer("Ann", Role.MAINTAINER)`. All have the same password."""
    people: list[Person] = []

    async def arrive(name: str, role: Role = Role.REPORTER) -> Person:
        email = f"{name.lower().replace(' ', '.')}@example.com"
        async with sessions() as session:
            user = User(email=email, full_name=name, role=role, password_hash=PASSWORD_HASH)
            session.add(user)
            await session.flush()
            device = Session(user_id=user.id, user_agent="test", ip="", expires_at=text("now() + interval '1 day'"))
            session.add(device)
            await session.commit()
        person = Person(transport_to(app), user.id, name, role, email)
        person.sign_in_with(app.state.tokens.issue(user.id, device.id))
        people.append(person)
        return person

    yield arrive
    for person in people:
        await person.aclose()


@pytest.fixture
async def admin(newcomer: Newcomer) -> Person:
    return await newcomer("Ada Admin", Role.ADMIN)


@pytest.fixture
async def maintainer(newcomer: Newcomer) -> Person:
    return await newcomer("Mia Maintainer", Role.MAINTAINER)


@pytest.fixture
async def reporter(newcomer: Newcomer) -> Person:
    return await newcomer("Rob Reporter")


@pytest.fixture
async def stranger(newcomer: Newcomer) -> Person:
    """Another reporter, who may not see what `reporter` filed."""
    return await newcomer("Sue Stranger")
