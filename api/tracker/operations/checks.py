"""Whether what the tracker needs does its part, asked at this moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from arq.constants import default_queue_name, health_check_key_suffix
from redis.asyncio import Redis
from sqlalchemy import text

from tracker.attachments.scanner import Scanner, ScannerAway
from tracker.attachments.storage import Storage
from tracker.core.database import Sessions
from tracker.core.errors import Refusal
from tracker.core.redis import REDIS_TROUBLE
from tracker.operations.schemas import CheckStatus, CheckView
from tracker.settings import Settings

CHECK_SECONDS = 5.0
OLDEST_POSTGRESQL = 15

Finding = tuple[CheckStatus, str]
Check = Callable[[], Awaitable[Finding]]


class Checks:
    """The parts of one installation, as one replica reaches them."""

    def __init__(self, settings: Settings, *, sessions: Sessions, redis: Redis | None, storage: Storage) -> None:
        self._settings = settings
        self._sessions = sessions
        self._redis = redis
        self._storage = storage
        self._looking: asyncio.Future[Finding] | None = None
        self._checks: dict[str, Check] = {
            "database": self._database,
            "redis": self._redis_answers,
            "worker": self._worker,
            "files": self._files,
            "scanner": self._scanner,
        }

    async def ask(self, names: Iterable[str] | None = None, *, seconds: float = CHECK_SECONDS) -> list[CheckView]:
        """Asks all parts, or those named, at once; one that takes longer than so many seconds fails."""
        names = self._checks if names is None else names
        return list(await asyncio.gather(*(timed(name, self._checks[name], seconds=seconds) for name in names)))

    async def _database(self) -> Finding:
        try:
            async with self._sessions() as session:
                version = str(await session.scalar(text("SHOW server_version")))
        except Exception as error:  # noqa: BLE001 (whatever the reason, the answer is that it can't be used)
            return CheckStatus.FAILING, f"PostgreSQL does not answer ({type(error).__name__})."
        if int(version.partition(".")[0]) < OLDEST_POSTGRESQL:
            return CheckStatus.FAILING, f"PostgreSQL {version} answers; {OLDEST_POSTGRESQL} or later is needed."
        return CheckStatus.OK, f"PostgreSQL {version} answers."

    async def _redis_answers(self) -> Finding:
        if self._redis is None:
            return CheckStatus.UNUSED, "REDIS_URL is not set: live updates come a second late, and no jobs run."
        try:
            await self._redis.ping()  # pyright: ignore[reportUnknownMemberType]
        except REDIS_TROUBLE as error:
            return (
                CheckStatus.FAILING,
                f"Redis does not answer ({type(error).__name__}): live updates come a second late, and no jobs run.",
            )
        return CheckStatus.OK, "Redis answers."

    async def _worker(self) -> Finding:
        if self._redis is None:
            return CheckStatus.UNUSED, "Workers need Redis. Run jobs by `tracker jobs run`."
        try:
            # Every worker renews it, and it goes half a minute after the last one.
            is_there = await self._redis.exists(default_queue_name + health_check_key_suffix)
            waiting = await self._redis.zcard(default_queue_name)
        except REDIS_TROUBLE:
            return CheckStatus.FAILING, "Nobody can tell while Redis does not answer."
        if not is_there:
            return CheckStatus.FAILING, "No worker has been heard of for half a minute: start `tracker worker`."
        return CheckStatus.OK, f"A worker is there; {waiting} {'job waits' if waiting == 1 else 'jobs wait'} for it."

    async def _files(self) -> Finding:
        """Asks the store again only when it has answered: one that hangs would take thread after thread."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look_at_files())
        return await asyncio.shield(self._looking)

    async def _look_at_files(self) -> Finding:
        try:
            await self._storage.run(self._storage.store.reach)
            await self._storage.require_space()
            free = await self._storage.run(self._storage.store.free_bytes)
        except Refusal as refusal:
            return CheckStatus.FAILING, f"No file can be taken in: {refusal}"
        return CheckStatus.OK, f"Files can be taken in; {free / 1024**3:.1f} GiB are free."

    async def _scanner(self) -> Finding:
        if self._settings.clamd_url is None:
            return CheckStatus.UNUSED, "CLAMD_URL is not set: files are not scanned for viruses."
        try:
            await Scanner(self._settings.clamd_url).ping()
        except ScannerAway as away:
            return CheckStatus.FAILING, f"The virus scanner does not answer ({away}): new files wait until it does."
        return CheckStatus.OK, "The virus scanner answers."


async def timed(name: str, check: Check, *, seconds: float = CHECK_SECONDS) -> CheckView:
    begun = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            status, detail = await check()
    except TimeoutError:
        status, detail = CheckStatus.FAILING, f"There was no answer within {seconds:.0f} seconds."
    return CheckView(name=name, status=status, milliseconds=round((time.monotonic() - begun) * 1000), detail=detail)
