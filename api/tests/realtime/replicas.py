"""What can be killed and started again."""

import asyncio
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

from httpx import AsyncClient, HTTPError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.processes import START_SECONDS, TRACKER, environment_of
from tracker.local.databases import valkey
from tracker.local.stack import free_port
from tracker.settings import Settings

_TERMINATE = text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()
""")


class Replica:
    """One `tracker …` process, which keeps its address when it is started again."""

    def __init__(self, settings: Settings, *command: str) -> None:
        self.port = free_port()
        self._command = [TRACKER, *(command or ("serve", "--port", str(self.port)))]
        self._environment = environment_of(settings)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns when it answers."""
        process = self.spawn()
        async with asyncio.timeout(START_SECONDS), AsyncClient(base_url=f"http://{self.address}") as client:
            while not await _is_ready(client):
                assert process.poll() is None, "the API does not start"
                await asyncio.sleep(0.05)

    def spawn(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(self._command, env=self._environment, stderr=subprocess.DEVNULL)
        return self._process

    async def end(self, number: signal.Signals) -> None:
        """By a signal; killed if that takes longer than it may."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            await asyncio.to_thread(self._process.wait, 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


class Redis:
    """One of our own, which keeps its address when it is started again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running = ExitStack()
        self.url = self.start()

    def start(self) -> str:
        return self._running.enter_context(valkey(self._directory, durable=False))

    def stop(self) -> None:
        self._running.close()


async def terminate_connections(session: AsyncSession) -> None:
    """Ends every connection to the database but the one that asks, which may be one of those ended before."""
    for _ in range(20):
        try:
            await session.execute(_TERMINATE)
        except DBAPIError:
            await session.rollback()
        else:
            return


async def _is_ready(client: AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).is_success
    except HTTPError:
        return False
