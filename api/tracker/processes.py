"""Several processes that answer at one port, and the one that keeps them.

Each has a door of its own, among which the system spreads connections; at one for all, a single process would take most
of those that come at once, and keep them. The doors are this process's, so whoever waits at one outlives whoever dies
behind it. The processes are forked: what is loaded before is in memory once. There are neither threads nor an event
loop here, which would not survive that.
"""

import gc
import logging
import mmap
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import uvicorn

from tracker.app import create_app
from tracker.core.metrics import Metrics, Share, forget_gauges
from tracker.core.observability import configure_logging
from tracker.server import GRACEFUL_SHUTDOWN_SECONDS, OPTIONS, Server, settle

logger = logging.getLogger(__name__)

STOP_SECONDS = GRACEFUL_SHUTDOWN_SECONDS + 4.0
"""Whoever has not stopped until then is killed: a little before orchestrators kill everybody."""
SILENT_SECONDS = 30
"""A process whose event loop has not turned for so long is killed, and another one takes its place."""
IDLE_SECONDS = 5
"""As long as that it may only be silent if it works, or waits for a core or a disk; what just sleeps has hung."""
LEAST_SECONDS = 5.0
"""Between two starts in one place, so that what can't start does not try all the time."""
TICKS_A_SECOND = 10
LARGEST_BEAT = 255
RUNNABLE_OR_AT_THE_DISK = "RD"
AWAITED = frozenset({signal.SIGCHLD, signal.SIGTERM, signal.SIGINT})


def serve(*, host: str, port: int, trusted_proxies: Sequence[str], count: int) -> int:
    """Serves the application of the environment from so many processes until a signal comes; gives the exit status."""
    configure_logging()
    # One that shares with nobody tells if somebody is there already: others of ours would be let in.
    with uvicorn.Config("tracker.app:create_app", host=host, port=port, log_config=None).bind_socket() as probe:
        family, address = probe.family, probe.getsockname()
    gc.collect()
    gc.freeze()  # or looking for garbage would copy what they share
    with tempfile.TemporaryDirectory(prefix="tracker-metrics-") as name:
        directory, parent = Path(name), os.getpid()

        def work(place: int, door: socket.socket, beat: Callable[[], None]) -> None:
            metrics = Metrics(Share(directory, place))
            config = uvicorn.Config(create_app(metrics=metrics), forwarded_allow_ips=list(trusted_proxies), **OPTIONS)
            config.load()
            settle()
            _ServerOfMany(config, metrics, beat, parent).run([door])
            if os.getppid() != parent:
                shutil.rmtree(directory, ignore_errors=True)  # nobody else will

        def end(place: int) -> None:
            forget_gauges(Share(directory, place))

        return Keeper(count, work, end, door=lambda: _door(family, address)).keep()


def _door(family: int, address: Any) -> socket.socket:
    """Nobody can connect before a process listens at it."""
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    door.bind(address)
    return door


class _ServerOfMany(Server):
    """Shows that it lives, keeps its figures where the others find them, and stops when nobody keeps it any more."""

    def __init__(self, config: uvicorn.Config, metrics: Metrics, beat: Callable[[], None], parent: int) -> None:
        super().__init__(config)
        self._metrics = metrics
        self._beat = beat
        self._parent = parent

    async def on_tick(self, counter: int) -> bool:
        self._beat()
        if counter % TICKS_A_SECOND == 0:
            self._metrics.look()
        return await super().on_tick(counter) or os.getppid() != self._parent


class _Place:
    """Where one process is after another."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.door: socket.socket | None = None
        self.pid: int | None = None
        self.started = -LEAST_SECONDS
        self.beat = 0
        self.silent_seconds = 0
        self.worked: object = None
        self.idle_seconds = 0
        self.serves = False


class Keeper:
    """Starts processes, puts others in the place of those that end, and stops all when it is told to."""

    def __init__(
        self,
        count: int,
        work: Callable[[int, socket.socket, Callable[[], None]], None],
        end: Callable[[int], None],
        *,
        door: Callable[[], socket.socket],
    ) -> None:
        """Takes what is done.

        Args:
            count: how many there are.
            work: what a process does, given its place, its door, and what to call several times a second.
            end: what is done when the process of a place has ended.
            door: makes another one.
        """
        self._work = work
        self._end = end
        self._door = door
        self._places = [_Place(number) for number in range(count)]
        self._beats = mmap.mmap(-1, count)
        """A byte of each, which changes while its event loop turns. 0: nobody has served there yet."""

    def keep(self) -> int:
        """Until SIGTERM or SIGINT, or until it shows that none can start. Gives the exit status."""
        with _blocked_signals() as unblocked:
            try:
                while True:
                    self._fill(unblocked)
                    told = signal.sigtimedwait(AWAITED, 1)
                    if told is None:
                        self._kill_silent()
                    elif told.si_signo != signal.SIGCHLD:
                        return 0
                    for place, status in self._ended():
                        logger.error("a process has ended", extra={"place": place.number, "status": status})
                        self._end(place.number)
                        if not any(self._beats[:]):
                            return max(status, 1)
                        if not self._is_due(place):
                            self._close(place)  # nobody should wait there meanwhile
            finally:
                self._stop()

    def _fill(self, unblocked: set[signal.Signals]) -> None:
        for place in self._places:
            if place.pid is None and self._is_due(place):
                place.started, place.silent_seconds, place.serves = time.monotonic(), 0, False
                try:
                    place.door = place.door or self._door()
                    place.pid = os.fork()
                except OSError as error:
                    logger.error("a process can't be started", extra={"error": repr(error)})  # noqa: TRY400 (the machine is at its end, and not the code)
                    self._close(place)
                    continue
                if place.pid == 0:
                    self._be(place, place.door, unblocked)

    def _is_due(self, place: _Place) -> bool:
        return time.monotonic() - place.started >= LEAST_SECONDS

    def _close(self, place: _Place) -> None:
        if place.door:
            place.door.close()
            place.door = None

    def _be(self, place: _Place, door: socket.socket, unblocked: set[signal.Signals]) -> NoReturn:
        """Is the process, which never gets back to where it was forked."""
        status = 1
        try:
            for each in self._places:
                if each is not place:
                    self._close(each)
            for number in AWAITED:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
            self._work(place.number, door, lambda: self._beat(place.number))
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            logger.exception("a process fails")
        finally:
            os._exit(status)

    def _beat(self, place: int) -> None:
        self._beats[place] = self._beats[place] % LARGEST_BEAT + 1

    def _kill_silent(self) -> None:
        """Called once a second, and counts these: whoever was stopped with all others has not been silent."""
        for place in self._places:
            if place.pid is None:
                continue
            place.silent_seconds += 1
            place.idle_seconds += 1
            if (worked := _worked(place.pid)) != place.worked:
                place.worked, place.idle_seconds = worked, 0
            if self._beats[place.number] != place.beat:
                place.beat, place.silent_seconds, place.idle_seconds = self._beats[place.number], 0, 0
                place.serves = True
            # Until it serves, it may well sleep: a database can take its time.
            if place.silent_seconds >= SILENT_SECONDS or (place.serves and place.idle_seconds >= IDLE_SECONDS):
                logger.error("a process does not answer any more", extra={"place": place.number})
                os.kill(place.pid, signal.SIGKILL)

    def _ended(self) -> Generator[tuple[_Place, int]]:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for place in self._places:
                if place.pid == pid:
                    place.pid = None
                    yield place, os.waitstatus_to_exitcode(status)

    def _stop(self) -> None:
        for place in self._places:
            self._close(place)  # first, so that nobody is let in any more where a process has closed its door
        self._signal_all(signal.SIGTERM)
        given_up = time.monotonic() + STOP_SECONDS
        while self._is_any_left() and (seconds := given_up - time.monotonic()) > 0:
            signal.sigtimedwait(AWAITED, seconds)
        if self._is_any_left():
            logger.error("processes do not stop, and are killed")
            self._signal_all(signal.SIGKILL)
        while self._is_any_left():
            signal.sigtimedwait(AWAITED, 1)

    def _is_any_left(self) -> bool:
        for _ in self._ended():
            pass
        return any(place.pid for place in self._places)

    def _signal_all(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.pid:
                os.kill(place.pid, number)


def _worked(pid: int) -> object:
    """The processor time that a process has had; something else each time while it has a use for more, or nobody knows."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return object()
    return object() if state in RUNNABLE_OR_AT_THE_DISK else (fields[10], fields[11])


@contextmanager
def _blocked_signals() -> Generator[set[signal.Signals]]:
    """Those that are waited for, meanwhile; gives which were blocked before."""
    before = {signal.Signals(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)}
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
