"""Looks at an installation from the command line: more than a replica asks itself, and what to do about it."""

import stat
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import text

from tracker.accounts.tokens import CLOCK_SKEW_SECONDS
from tracker.attachments.storage import Storage
from tracker.attachments.stores import Store, new_key
from tracker.core.clock import Clock
from tracker.core.database import Sessions
from tracker.core.migrations import revisions
from tracker.core.redis import REDIS_TROUBLE
from tracker.operations.checks import Checks, Finding, timed
from tracker.operations.schemas import CheckStatus, CheckView
from tracker.realtime.live import CONNECTIONS
from tracker.settings import SECRETS, Settings

OLDEST_REDIS = 7
MOUNTED_SECRETS = (Path("/run/secrets"), Path("/var/run/secrets"))
"""Where engines put them for one container alone, readable by whoever runs in it."""

_PROBE = b"written by tracker doctor"


class Doctor:
    """Everything that `Checks` asks, and what only the machine, the schema and the settings themselves can tell."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        sessions: Sessions,
        redis: Redis | None,
        storage: Storage,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._sessions = sessions
        self._redis = redis
        self._storage = storage
        self._clock = clock
        self._checks = Checks(settings, sessions=sessions, redis=redis, storage=storage)

    async def examine(self) -> list[CheckView]:
        found = await self._checks.ask()
        works = {check.name for check in found if check.status is CheckStatus.OK}
        more = {"secrets": self._secrets}
        if "database" in works:
            more |= {"schema": self._schema, "connections": self._connections, "clock": self._time}
        if "redis" in works:
            more["queue"] = self._queue
        if "files" in works:
            more["store"] = self._store
        return found + [await timed(name, check) for name, check in more.items()]

    async def _schema(self) -> Finding:
        known = revisions()
        async with self._sessions() as session:
            has_any = await session.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            revision = has_any and await session.scalar(text("SELECT version_num FROM alembic_version"))
        if not revision:
            return CheckStatus.FAILING, "The database is empty: run `tracker migrate`, or `tracker restore DIR`."
        if revision not in known:
            return (
                CheckStatus.FAILING,
                f"The database is of a later version ({revision}): install that version, or restore a backup.",
            )
        if behind := known.index(revision):
            return CheckStatus.FAILING, f"The database is {behind} migrations behind: run `tracker migrate`."
        return CheckStatus.OK, f"The database is up to date ({revision})."

    async def _connections(self) -> Finding:
        async with self._sessions() as session:
            allowed = int(await session.scalar(text("SHOW max_connections")) or 0)
            reserved = int(await session.scalar(text("SHOW superuser_reserved_connections")) or 0)
        pool, count = self._settings.database_pool_size, self._settings.api_workers
        worker, replica = pool, count * (pool + CONNECTIONS)
        of_processes = f" of {count} processes" if count > 1 else ""
        told = (
            f"PostgreSQL takes {allowed - reserved} connections, each replica{of_processes} up to {replica}, "
            f"a worker up to {worker}"
        )
        replicas = (allowed - reserved - worker) // replica
        if replicas < 1:
            lower = "DATABASE_POOL_SIZE or API_WORKERS" if count > 1 else "DATABASE_POOL_SIZE"
            return CheckStatus.FAILING, f"{told}: raise max_connections, or lower {lower}."
        return CheckStatus.OK, f"{told}: besides a worker there is room for {replicas} replicas."

    async def _time(self) -> Finding:
        async with self._sessions() as session:
            await session.scalar(text("SELECT 1"))  # so that no connection is made meanwhile
            before = self._clock()
            theirs: Any = await session.scalar(text("SELECT clock_timestamp()"))
            ours = before + (self._clock() - before) / 2
        off = ours - theirs
        if abs(off) > timedelta(seconds=CLOCK_SKEW_SECONDS):
            way = "ahead of" if off > timedelta() else "behind"
            told = f"This machine's clock is {abs(off).total_seconds():.0f} s {way} the database's"
            return CheckStatus.FAILING, f"{told}: sign-ins end at the wrong time. Have NTP set both."
        return CheckStatus.OK, f"This machine's clock and the database's differ by {abs(off).total_seconds():.1f} s."

    async def _queue(self) -> Finding:
        if self._redis is None:
            return CheckStatus.UNUSED, "There is no Redis."
        try:
            info: dict[str, Any] = await self._redis.info()  # pyright: ignore[reportUnknownMemberType]
        except REDIS_TROUBLE as error:
            return CheckStatus.FAILING, f"Redis does not tell about itself ({type(error).__name__}): allow INFO."
        if int(str(info["redis_version"]).partition(".")[0]) < OLDEST_REDIS:
            return CheckStatus.FAILING, f"Redis {info['redis_version']} answers; {OLDEST_REDIS} or later is needed."
        if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
            told = f"Redis throws keys away when its memory is full ({info['maxmemory_policy']}), and with them jobs"
            return CheckStatus.FAILING, f"{told}: set maxmemory-policy noeviction."
        return CheckStatus.OK, "Redis keeps the queue."

    async def _store(self) -> Finding:
        try:
            await self._storage.run(_write_and_read, self._storage.store)
        except Exception as error:  # noqa: BLE001 (whatever the reason, files can't be kept there)
            cause = error.__cause__ or error
            return CheckStatus.FAILING, f"UPLOAD_STORE does not keep what is written there: {cause}."
        return CheckStatus.OK, "UPLOAD_STORE keeps what is written there."

    async def _secrets(self) -> Finding:
        files = {name: self._environ.get(f"{name}_FILE") for name in SECRETS}
        troubles = [trouble for name, path in files.items() if path and (trouble := _exposure(name, Path(path)))]
        if troubles:
            return CheckStatus.FAILING, " ".join(troubles)
        return CheckStatus.OK, "SECRET_KEY is long enough, and no secret lies open."


def _write_and_read(store: Store) -> None:
    key, draft = new_key(), store.new_draft()
    try:
        draft.write(_PROBE)
        store.adopt(draft, key)
    finally:
        store.drop(draft)
    try:
        stored = store.open(key)
        content = b"".join(stored.read(0, stored.size))
        stored.close()
    finally:
        store.delete([key])
    if content != _PROBE:
        raise OSError("something else comes back")


def _exposure(name: str, path: Path) -> str | None:
    """Who else may read or change a secret's file, and what to do about it."""
    mode = path.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"{name}_FILE can be changed by others than its owner: chmod 0400 {path}."
    if mode & stat.S_IROTH and not _is_sheltered(path):
        return f"{name}_FILE can be read by everybody on this machine: chmod 0400 {path}, or 0700 its folder."
    return None


def _is_sheltered(path: Path) -> bool:
    """Whether a file is in a folder that others may not enter, or in one that only this container has."""
    folders = path.absolute().parents
    return any(folder in MOUNTED_SECRETS or not folder.stat().st_mode & stat.S_IXOTH for folder in folders)
