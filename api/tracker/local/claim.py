"""One owner for a directory of local data, and no process outlives its owner unnoticed."""

import fcntl
import os
import signal
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

import psutil

from tracker.local.errors import LocalError

MARK = "TRACKER_LOCAL"
"""Environment variable by which a process is known to work for the directory that it names."""

_OWNER = "owner"
_GRACE_SECONDS = 5
_TEMPORARY_PREFIX = "tracker-local-"

_claimed: set[Path] = set()


@contextmanager
def claim(directory: Path) -> Generator[None]:
    """Makes this process the only one that works in `directory`.

    What an owner that was killed left running there is ended first, and so is what is left at the end.

    Raises:
        LocalError: another process owns the directory.
    """
    # A POSIX record lock belongs to one process: unlike flock's, it is not kept alive by a killed owner's children.
    with (directory / _OWNER).open("a+") as owner:
        try:
            fcntl.lockf(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner.seek(0)
            raise LocalError(f"already running in {directory}, as process {owner.read().strip()}") from None
        owner.truncate(0)
        owner.write(f"{os.getpid()}\n")
        owner.flush()
        _claimed.add(directory)
        try:
            _end_leftovers(directory)
            yield
        finally:
            _end_leftovers(directory)
            _claimed.discard(directory)


@contextmanager
def claimed_temporary_directory() -> Generator[Path]:
    """A new directory for throw-away data; those whose owner was killed are cleared away first."""
    for abandoned in Path(tempfile.gettempdir()).resolve().glob(f"{_TEMPORARY_PREFIX}*/{_OWNER}"):
        # Merely opening and closing a file drops this process's own lock on it.
        with suppress(LocalError, FileNotFoundError):
            if abandoned.parent not in _claimed and abandoned.stat().st_uid == os.geteuid():
                with claim(abandoned.parent):
                    rmtree(abandoned.parent, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY_PREFIX) as name:
        directory = Path(name).resolve()
        with claim(directory):
            yield directory


def _end_leftovers(directory: Path) -> None:
    """Ends every other process that works for `directory`, the willing ones gently."""
    leftovers = _leftovers(directory)
    for process in leftovers:
        with suppress(psutil.NoSuchProcess):
            # PostgreSQL waits for its clients on SIGTERM, and sends them away on SIGINT.
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    psutil.wait_procs(leftovers, timeout=_GRACE_SECONDS)
    while unwilling := _leftovers(directory):
        for process in unwilling:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(unwilling, timeout=_GRACE_SECONDS)


def _leftovers(directory: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _works_for(process, directory)]


def _works_for(process: psutil.Process, directory: Path) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        # The databases write their status over their environment, but always work inside their data directory.
        if process.name() in {"postgres", "valkey-server"}:
            return Path(process.cwd()).is_relative_to(directory)
        return process.environ().get(MARK) == str(directory)
    except psutil.Error:
        return False
