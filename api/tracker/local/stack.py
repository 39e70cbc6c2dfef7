"""All of the tracker's processes under one supervisor: what ends one of them ends all."""

import os
import secrets
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.request import ProxyHandler, build_opener

from tracker.local.claim import MARK
from tracker.local.databases import postgres, valkey
from tracker.local.errors import LocalError

REPOSITORY = Path(__file__).parents[3]

_PROCFILE = Path(__file__).with_name("Procfile")
_BIN = Path(sys.executable).parent
_ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Stack:
    """What the processes of one tracker share."""

    environment: Mapping[str, str]
    databases: Sequence[str]
    """Those that run here, by their names in the Procfile."""

    @property
    def api_url(self) -> str:
        return f"http://{_ADDRESS}:{self.environment['API_PORT']}"

    @property
    def web_url(self) -> str:
        return f"http://{_ADDRESS}:{self.environment['WEB_PORT']}"


@contextmanager
def prepared(directory: Path, *, api_port: int, web_port: int, durable: bool, output: TextIO) -> Generator[Stack]:
    """Starts the databases that the environment does not name, migrates, and fills an empty one with the demo.

    Raises:
        LocalError: a port is taken, or a step fails.
    """
    for name, port in {"API_PORT": api_port, "WEB_PORT": web_port}.items():
        _require_free(name, port)
    environment = {
        "SECRET_KEY": _secret_key(directory),
        "UPLOAD_STORE": str(directory / "uploads"),
        "WEB_ORIGINS": f"http://localhost:{web_port},http://{_ADDRESS}:{web_port}",
        **os.environ,
        "API_PORT": str(api_port),
        "WEB_PORT": str(web_port),
        "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",  # a log line is shown when it is written
        MARK: str(directory),
    }
    with ExitStack() as running:
        databases: list[str] = []
        if not (os.environ.get("DATABASE_URL") or os.environ.get("DB_HOST")):
            databases.append("postgres")
            _new_pipe(directory / "postgres.log")
            environment["DATABASE_URL"] = running.enter_context(postgres(directory, durable=durable))
        if not os.environ.get("REDIS_URL"):
            databases.append("valkey")
            _new_pipe(directory / "valkey.log")
            environment["REDIS_URL"] = running.enter_context(valkey(directory, durable=durable))
        for command in ("migrate", "demo"):
            print(f"tracker {command}", file=output, flush=True)
            done = subprocess.run([_BIN / "tracker", command], env=environment, stdout=output, check=False)
            if done.returncode != 0:
                raise LocalError(f"`tracker {command}` failed.")
        yield Stack(environment, databases)


def supervise(
    stack: Stack, *, reload: bool, output: TextIO, on_ready: Callable[[], None], lifeline: TextIO | None = None
) -> int:
    """Runs everything until one process ends or `lifeline` is closed, then stops all; gives the exit status.

    `on_ready` is called once API and web answer.
    """
    names = [*stack.databases, "worker", *(("api-dev", "web-dev") if reload else ("api", "web"))]
    options = ["--procfile", _PROCFILE, "--app-root", REPOSITORY, "--env", os.devnull]
    honcho = subprocess.Popen(
        [_BIN / "honcho", "start", *options, *names],
        cwd=REPOSITORY,
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        start_new_session=True,  # Ctrl-C is answered here, once
    )
    stoppable = time.monotonic() + 1  # until then honcho may not have seen all that it has started
    lifelines = [lifeline] if lifeline else []
    waiting_for = [f"{stack.api_url}/health/ready", stack.web_url]
    try:
        while honcho.poll() is None:
            readable, _, _ = select.select(lifelines, [], [], 0.1)
            if any(not os.read(end.fileno(), 4096) for end in readable):
                return 0
            if waiting_for and all(map(_answers, waiting_for)):
                waiting_for.clear()
                on_ready()
        # Nothing here ends by itself, so a process that did has failed even if it calls itself well.
        return honcho.returncode or 1
    finally:
        time.sleep(max(0, stoppable - time.monotonic()))
        honcho.terminate()
        honcho.wait()


def free_port() -> int:
    with socket.create_server((_ADDRESS, 0)) as server:
        return server.getsockname()[1]


def _require_free(name: str, port: int) -> None:
    try:
        socket.create_server((_ADDRESS, port)).close()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise LocalError(f"{name} {port}: {reason}. Stop what uses it, or choose another: {name}=…") from None


def _secret_key(directory: Path) -> str:
    """Signs the tokens of this machine's own installation; the same between runs, so that sign-ins last."""
    path = directory / "secret_key"
    if not path.exists():
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        draft.rename(path)
    return path.read_text()


def _new_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path, mode=0o600)


def _answers(url: str) -> bool:
    try:
        # Never through a proxy that the environment may name.
        with build_opener(ProxyHandler({})).open(url, timeout=2):
            return True
    except OSError:
        return False
