"""How a process that serves nobody tells that it is alive, and its figures: as the API does, on a port of its own."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from litestar import Litestar
from litestar.datastructures import State

from tracker.core.database import Sessions
from tracker.core.metrics import Metrics
from tracker.core.redis import redis_client
from tracker.operations.health import read_liveness
from tracker.operations.metrics import SharedMetrics, read_metrics


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leaves signals to the process that it is a part of."""
        yield


@asynccontextmanager
async def telling_status(port: int, *, sessions: Sessions, redis_url: str, metrics: Metrics) -> AsyncGenerator[None]:
    """Answers `/health/live` and `/metrics` meanwhile, on all addresses."""
    async with redis_client(redis_url) as redis:
        app = Litestar(
            [read_liveness, read_metrics],
            state=State(
                {"sessions": sessions, "redis": redis, "metrics": metrics, "shared_metrics": SharedMetrics(metrics)}
            ),
            openapi_config=None,
            logging_config=None,
        )
        config = uvicorn.Config(
            app,
            host="0.0.0.0",  # noqa: S104 (in a container, where nothing else gets to)
            port=port,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve())
        try:
            yield
        finally:
            server.should_exit = True
            await serving
