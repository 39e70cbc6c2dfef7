"""The least that it can take: a bare Litestar handler that runs the same SQL over asyncpg and encodes with msgspec.

No sign-in, no rules, no structs: what the API takes beyond this is what its promises cost.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import asyncpg
import msgspec
import uvicorn
from litestar import Litestar, Response, get, post
from litestar.params import FromPath


@dataclass(frozen=True)
class Sample:
    """What the API sent to the database for one request."""

    statements: Sequence[tuple[str, tuple[Any, ...]]]
    milliseconds: float
    """That all statements took."""


async def _nothing(_: Any) -> None:
    """Instead of asyncpg's reset, which is one more round trip."""


def serve_floor(url: str, port: int, connections: int, samples: Mapping[str, Sequence[Sample]]) -> None:
    """Runs until it is killed; `GET` and `POST /<name>` replay the samples of that name in turn."""
    replays = {name: cycle(of_name) for name, of_name in samples.items()}

    @get("/{name:str}")
    async def read(name: FromPath[str]) -> Response[bytes]:
        rows: list[Any] = []
        async with pool.acquire() as connection:
            for statement, arguments in next(replays[name]).statements:
                rows += await connection.fetch(statement, *arguments)
        return _answer(rows)

    @post("/{name:str}")
    async def write(name: FromPath[str]) -> Response[bytes]:
        rows: list[Any] = []
        async with pool.acquire() as connection, connection.transaction():
            for statement, arguments in next(replays[name]).statements:
                rows += await connection.fetch(statement, *arguments)
        return _answer(rows)

    pool: Any = None

    @asynccontextmanager
    async def connected(_: Litestar) -> AsyncGenerator[None, None]:
        nonlocal pool
        create_pool: Any = asyncpg.create_pool  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        pool = await create_pool(url, min_size=connections, max_size=connections, reset=_nothing)
        yield

    app = Litestar([read, write], lifespan=[connected], openapi_config=None, logging_config=None)
    config = uvicorn.Config(app, port=port, http="httptools", access_log=False, log_config=None)
    uvicorn.Server(config).run()


def _answer(rows: Sequence[Any]) -> Response[bytes]:
    return Response(msgspec.json.encode([dict(row) for row in rows]), media_type="application/json")
