import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tracker.core.redis import redis_client
from tracker.local import ephemeral
from tracker.local.claim import MARK, claim, claimed_temporary_directory
from tracker.local.databases import postgres, valkey
from tracker.local.errors import LocalError
from tracker.settings import async_driver_url

_OWN_AND_WAIT = """
import time
from tracker.local import ephemeral
with ephemeral() as databases:
    print(databases.database_url, flush=True)
    time.sleep(60)
"""


def socket_directory(database_url: str) -> Path:
    return Path(database_url.partition("?host=")[2])


async def answer_of(url: str, statement: str) -> object:
    engine = create_async_engine(async_driver_url(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        result = await connection.execute(text(statement))
        answer = result.scalar() if result.returns_rows else None
    await engine.dispose()
    return answer


def working_in(directory: Path) -> list[str]:
    return [
        process.info["name"]
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["cwd"] and Path(process.info["cwd"]).is_relative_to(directory)
    ]


async def test_ephemeral_databases_answer_and_leave_nothing() -> None:
    with ephemeral() as databases:
        assert await answer_of(databases.database_url, "SELECT lower('ÄÖÜ')") == "äöü"
        await answer_of(databases.database_url, "CREATE DATABASE copy TEMPLATE template0")
        async with redis_client(databases.redis_url) as redis:
            assert await redis.set("key", "value")
        directory = socket_directory(databases.database_url)
        assert directory.stat().st_mode & 0o077 == 0
    assert not directory.exists()
    assert not working_in(directory)


async def test_data_outlives_a_restart(tmp_path: Path) -> None:
    modes = [parent.stat().st_mode for parent in tmp_path.parents]
    with postgres(tmp_path, durable=True) as url:
        await answer_of(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with valkey(tmp_path, durable=True) as url:
        async with redis_client(url) as redis:
            await redis.set("answer", 42)
    with postgres(tmp_path, durable=True) as url:
        assert await answer_of(url, "SELECT answer FROM kept") == 42
    with valkey(tmp_path, durable=True) as url:
        async with redis_client(url) as redis:
            assert await redis.get("answer") == b"42"
    assert [parent.stat().st_mode for parent in tmp_path.parents] == modes


@pytest.mark.parametrize("name", ["a name with spaces & 100 %", "long" * 30])
async def test_any_directory_will_do(tmp_path: Path, name: str) -> None:
    directory = tmp_path / name
    directory.mkdir()
    with postgres(directory, durable=False) as url:
        assert await answer_of(url, "SELECT 1") == 1
    with valkey(directory, durable=False) as url:
        async with redis_client(url) as redis:
            assert await redis.set("key", "value")


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with postgres(tmp_path, durable=False):
        pass
    (tmp_path / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(LocalError, match="9\\.6"), postgres(tmp_path, durable=False):
        pass


async def test_a_killed_server_starts_again(tmp_path: Path) -> None:
    with postgres(tmp_path, durable=True) as url:
        await answer_of(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        status = tmp_path / "postgres" / "postmaster.pid"
        os.kill(int(status.read_text().splitlines()[0]), signal.SIGKILL)
    assert status.exists()
    with postgres(tmp_path, durable=True) as url:
        assert await answer_of(url, "SELECT answer FROM kept") == 42


def test_what_a_killed_owner_left_is_cleared_away() -> None:
    owner = subprocess.Popen([sys.executable, "-c", _OWN_AND_WAIT], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    directory = socket_directory(owner.stdout.readline().strip())
    owner.stdout.close()
    assert {"postgres", "valkey-server"} <= set(working_in(directory))
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    with claimed_temporary_directory():
        assert not working_in(directory)
        assert not directory.exists()


def test_what_still_works_for_a_directory_is_ended_first(tmp_path: Path) -> None:
    leftover = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], env={**os.environ, MARK: str(tmp_path)}
    )
    with claim(tmp_path):
        assert not psutil.pid_exists(leftover.pid)
    leftover.wait()


def test_a_directory_has_one_owner(tmp_path: Path) -> None:
    with claim(tmp_path):
        assert f"already running in {tmp_path}, as process {os.getpid()}" in complaints_of_another_owner(tmp_path)
    assert complaints_of_another_owner(tmp_path) == ""


def complaints_of_another_owner(directory: Path) -> str:
    code = "import pathlib, sys; from tracker.local.claim import claim; claim(pathlib.Path(sys.argv[1])).__enter__()"
    done = subprocess.run([sys.executable, "-c", code, directory], capture_output=True, text=True, check=False)
    return done.stderr
