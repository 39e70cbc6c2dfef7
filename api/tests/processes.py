"""The API as a process of its own, for tests that kill it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from httpx import AsyncClient, TransportError

from tracker.local.stack import free_port
from tracker.settings import Settings

TRACKER = Path(sys.executable).parent / "tracker"
START_SECONDS = 60


def environment_of(settings: Settings) -> dict[str, str]:
    """What a `tracker …` process needs to run with these settings."""
    chosen = {"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key}
    if settings.redis_url:
        chosen["REDIS_URL"] = settings.redis_url
    return {**os.environ, **chosen, "UPLOAD_STORE": settings.upload_store}


@asynccontextmanager
async def serving_process(
    settings: Settings,
    port: int | None = None,
    *,
    log: int | IO[bytes] = DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[tuple[Process, str]]:
    """`tracker serve`, once it answers, and its address."""
    port = port or free_port()
    chosen = environment or environment_of(settings)
    async with running_process("serve", "--port", str(port), environment=chosen, log=log) as process:
        address = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(START_SECONDS), AsyncClient(base_url=address) as client:
            while not await _answers(client):
                assert process.returncode is None, "the API does not start"
                await asyncio.sleep(0.05)
        yield process, address


@asynccontextmanager
async def running_process(
    *command: str, environment: Mapping[str, str], log: int | IO[bytes] = DEVNULL
) -> AsyncGenerator[Process]:
    """`tracker …`, stopped in the end."""
    process = await asyncio.create_subprocess_exec(TRACKER, *command, env=environment, stderr=log)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


def children_of(process: Process) -> set[int]:
    """The processes that it has started and that are not gone."""
    return {int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}


async def gone(pid: int) -> None:
    """Returns when a process, of whosever, has ended."""
    try:
        found = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(found, ended.set)
    try:
        await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(found)
        os.close(found)


async def _answers(client: AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).status_code == 200
    except TransportError:
        return False
