"""`tracker doctor`, as it is typed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

import msgspec
import pytest
from anyio.to_thread import run_sync
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.conftest import SECRET_KEY
from tests.processes import environment_of
from tracker.attachments.storage import Storage
from tracker.cli import tracker
from tracker.core.clock import utc_now
from tracker.core.database import Sessions
from tracker.core.redis import redis_client
from tracker.local.databases import valkey
from tracker.local.stack import free_port
from tracker.operations.doctor import Doctor
from tracker.settings import Settings

Examine = Callable[..., Awaitable[tuple[int, dict[str, str]]]]


@pytest.fixture
def examine(settings: Settings, sessions: Sessions) -> Examine:
    """Exit status and findings by name: `await examine(CLAMD_URL=…)`."""

    async def examine(**environ: str | None) -> tuple[int, dict[str, str]]:
        runner = CliRunner(env={**environment_of(settings), **environ})
        result = await run_sync(runner.invoke, tracker, ["doctor"])
        lines = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
        return result.exit_code, {name: f"{status} {detail}" for status, name, detail in lines}

    return examine


async def test_a_healthy_installation_lacks_only_its_worker(examine: Examine) -> None:
    status, found = await examine()
    assert status == 1
    assert {name: line.split()[0] for name, line in found.items()} == {
        "database": "ok",
        "redis": "ok",
        "worker": "failing",
        "files": "ok",
        "scanner": "unused",
        "secrets": "ok",
        "schema": "ok",
        "connections": "ok",
        "clock": "ok",
        "queue": "ok",
        "store": "ok",
    }
    assert "start `tracker worker`" in found["worker"]


async def test_an_installation_without_redis_is_well(examine: Examine) -> None:
    status, found = await examine(REDIS_URL="")
    assert status == 0
    assert "jobs run" in found["worker"]


async def test_settings_that_can_not_be_used_are_the_first_thing(examine: Examine) -> None:
    status, found = await examine(SECRET_KEY="short")
    assert (status, list(found)) == (1, ["settings"])
    assert "openssl rand" in found["settings"]


async def test_what_is_away_is_told_one_by_one(examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, found = await examine(
        DATABASE_URL=f"postgresql://127.0.0.1:{free_port()}/tracker",
        REDIS_URL=f"unix://{tmp_path}/nowhere.sock",
        CLAMD_URL=f"tcp://127.0.0.1:{free_port()}",
        UPLOAD_STORE=str(tmp_path / "file"),
    )
    assert status == 1
    assert {name for name, line in found.items() if line.startswith("failing")} == {
        "database",
        "redis",
        "worker",
        "files",
        "scanner",
    }


@pytest.mark.parametrize(
    ("setup", "told"),
    [
        ([], "is empty: run `tracker migrate`"),
        (["CREATE TABLE alembic_version AS SELECT '0001' AS version_num"], "behind: run `tracker migrate`"),
        (["CREATE TABLE alembic_version AS SELECT '9999' AS version_num"], "of a later version (9999)"),
    ],
)
async def test_a_schema_that_this_version_can_not_use(
    settings: Settings, examine: Examine, setup: list[str], told: str
) -> None:
    name = f"doctor_{token_hex(4)}"
    url = settings.database_url.replace("/tracker?", f"/{name}?")
    for address, statements in ((settings.database_url, [f"CREATE DATABASE {name}"]), (url, setup)):
        engine = create_async_engine(address, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()
    _, found = await examine(DATABASE_URL=url)
    assert found["schema"].startswith("failing")
    assert told in found["schema"]


async def test_more_connections_than_postgresql_takes(examine: Examine) -> None:
    _, found = await examine(DATABASE_POOL_SIZE="60")
    assert "lower DATABASE_POOL_SIZE." in found["connections"]


async def test_each_process_of_a_replica_has_connections_of_its_own(examine: Examine) -> None:
    _, found = await examine(API_WORKERS="3")
    assert "each replica of 3 processes up to 36, a worker up to 10" in found["connections"]
    _, found = await examine(API_WORKERS="30")
    assert found["connections"].startswith("failing")
    assert "lower DATABASE_POOL_SIZE or API_WORKERS." in found["connections"]


@pytest.mark.parametrize(("hours", "told"), [(-1, "3600 s behind"), (1, "3600 s ahead of")])
async def test_a_clock_that_differs_from_the_databases(
    settings: Settings, sessions: Sessions, hours: int, told: str
) -> None:
    wrong = timedelta(hours=hours)
    doctor = Doctor(
        msgspec.structs.replace(settings, redis_url=None),
        {},
        sessions=sessions,
        redis=None,
        storage=Storage.of(settings),
        clock=lambda: utc_now() + wrong,
    )
    [clock] = [check for check in await doctor.examine() if check.name == "clock"]
    assert clock.status == "failing"
    assert told in clock.detail


async def test_a_redis_that_throws_jobs_away(examine: Examine, redis_directory: Path) -> None:
    with valkey(redis_directory, durable=False) as url:
        async with redis_client(url) as redis:
            await redis.config_set("maxmemory", "100mb")  # pyright: ignore[reportUnknownMemberType]
            await redis.config_set("maxmemory-policy", "allkeys-lru")  # pyright: ignore[reportUnknownMemberType]
        _, found = await examine(REDIS_URL=url)
    assert "maxmemory-policy noeviction" in found["queue"]


def secret_in(folder: Path, folder_mode: int, mode: int) -> Path:
    path = folder / "secret_key"
    path.write_text(SECRET_KEY)
    path.chmod(mode)
    folder.chmod(folder_mode)
    return path


@pytest.mark.parametrize(
    ("folder_mode", "mode", "told"),
    [
        (0o755, 0o444, "can be read by everybody"),
        (0o700, 0o444, None),
        (0o755, 0o400, None),
        (0o700, 0o622, "can be changed by others"),
    ],
)
async def test_a_secret_that_lies_open(
    examine: Examine, redis_directory: Path, folder_mode: int, mode: int, told: str | None
) -> None:
    path = secret_in(redis_directory, folder_mode, mode)
    _, found = await examine(SECRET_KEY=None, SECRET_KEY_FILE=str(path))
    assert found["secrets"].startswith("failing" if told else "ok")
    assert (told or "") in found["secrets"]
