"""Databases that are thrown away, and API processes on them."""

import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import click

from tracker.local import Databases
from tracker.local.stack import free_port
from tracker.settings import Settings

SECRET_KEY = "a secret for measuring, 32 bytes or more"  # noqa: S105  # of a database that is thrown away
START_SECONDS = 60


def environment_of(databases: Databases) -> dict[str, str]:
    return {
        "DATABASE_URL": databases.database_url,
        "REDIS_URL": databases.redis_url,
        "SECRET_KEY": SECRET_KEY,
        "RATE_LIMITS": "off",
        "DATABASE_POOL_SIZE": "16",
    }


def settings_of(databases: Databases) -> Settings:
    return Settings.from_environment(environment_of(databases))


@contextmanager
def serving(databases: Databases, *, workers: int = 1, profile: Path | None = None) -> Generator[tuple[int, int]]:
    """`tracker serve`, once it is ready: its port and process id."""
    port = free_port()
    program: Sequence[str | Path] = [Path(sys.executable).parent / "tracker"]
    if profile:
        program = [sys.executable, "-m", "bench.profiled", profile]
    command = [*program, "serve", "--port", str(port)]
    environment = {**environment_of(databases), "API_WORKERS": str(workers)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        until_answering(port, "/health/ready", process)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def until_answering(port: int, path: str, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        with suppress(OSError):
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            if connection.getresponse().status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return
        time.sleep(0.05)
    raise click.ClickException("the API does not start")
