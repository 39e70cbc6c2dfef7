"""Every plan that PostgreSQL makes, as it tells itself in its log: also those of triggers, functions and foreign keys."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.scale.plans import Node

_SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_format": "json",
    "auto_explain.log_parameter_max_length": "0",
    "log_line_prefix": "",
}
_PLAN = re.compile(rb"^LOG:  duration: \S+ ms  plan:\n((?:\t.*\n)+)(?:CONTEXT:  (.*\n(?:\t.*\n)*))?", re.MULTILINE)
_FUNCTION = re.compile(r"(?:PL/pgSQL|SQL) function (?:public\.)?\"?(\w+)")


class Explained(NamedTuple):
    """A statement, the function that it stands in (or none), and its plan."""

    statement: str
    function: str
    plan: Node


class ServerLog:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = path.stat().st_size

    def news(self) -> list[Explained]:
        """What was explained since this was last called."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            content = file.read()
        found: list[Explained] = []
        for told in _PLAN.finditer(content):
            try:
                explained = json.loads(told[1])
            except json.JSONDecodeError:  # it is being written
                self._read += told.start()
                return found
            function = _FUNCTION.search((told[2] or b"").decode())
            found.append(Explained(explained["Query Text"], function[1] if function else "", explained["Plan"]))
        self._read += len(content)
        return found


@asynccontextmanager
async def server_log(connection: Any) -> AsyncGenerator[ServerLog]:
    """Of all that is done by connections made meanwhile."""
    for name, value in _SETTINGS.items():
        await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    await connection.execute("SELECT pg_reload_conf()")
    data = await connection.fetchval("SHOW data_directory")
    try:
        yield ServerLog(Path(data).parent / "postgres.log")
    finally:
        for name in _SETTINGS:
            await connection.execute(f"ALTER SYSTEM RESET {name}")
        await connection.execute("SELECT pg_reload_conf()")
