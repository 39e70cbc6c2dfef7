"""A server that speaks S3, for the tests of stores and backups."""

import subprocess
import sys
import time
from collections.abc import Generator
from http.client import HTTPConnection
from pathlib import Path
from secrets import token_hex

import pytest

from tracker.local.stack import free_port

START_SECONDS = 60


@pytest.fixture(scope="session")
def s3_server() -> Generator[int]:
    """A process that speaks S3; gives its port."""
    port = free_port()
    program = Path(sys.executable).parent / "moto_server"
    server = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    try:
        _request(port, "GET", "/")
    except OSError:
        return False
    return True


def _request(port: int, method: str, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        assert connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.fixture
def bucket(s3_server: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a folder in an empty bucket, reached as the environment says."""
    name = f"tracker-{token_hex(4)}"
    _request(s3_server, "PUT", f"/{name}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_server}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return f"s3://{name}/some/where"
