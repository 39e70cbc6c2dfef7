"""`GET /metrics`, which also looks at what all replicas share: database, Redis, jobs."""

import asyncio
from contextlib import suppress
from typing import Any

from arq.constants import default_queue_name
from litestar import Response, get
from litestar.datastructures import State
from prometheus_client import Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis.asyncio import Redis

from tracker.attachments.storage import Storage
from tracker.core.database import Sessions
from tracker.core.errors import Refusal
from tracker.core.metrics import Metrics
from tracker.core.redis import REDIS_TROUBLE
from tracker.operations.runs import JobRuns

LOOK_SECONDS = 2.0


class SharedMetrics:
    """What is as it is whichever replica tells it. What can't be looked at now keeps its last value."""

    def __init__(self, metrics: Metrics) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(name, meaning, labels, registry=metrics.registry, multiprocess_mode="livemostrecent")

        self._database_up = gauge("tracker_database_up", "Whether PostgreSQL answers.")
        self._redis_up = gauge("tracker_redis_up", "Whether Redis answers.")
        self._queued = gauge("tracker_jobs_queued", "Jobs that wait for a worker or for their time.")
        self._last_run = gauge("tracker_job_last_run_timestamp_seconds", "When a job last began.", "name")
        self._last_success = gauge("tracker_job_last_success_timestamp_seconds", "When a job last succeeded.", "name")
        self._duration = gauge("tracker_job_duration_seconds", "How long a job's last run took.", "name")
        self._free = gauge("tracker_upload_free_bytes", "Room for files that are being uploaded.")

    async def look(self, sessions: Sessions, redis: Redis | None, storage: Storage | None) -> None:
        await asyncio.gather(
            self._look_at_database(sessions), self._look_at_redis(redis), self._look_at_storage(storage)
        )

    async def _look_at_database(self, sessions: Sessions) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS), sessions() as session:
                runs = await JobRuns(session).all()
        except Exception:  # noqa: BLE001 (whatever the reason, the answer is that the database can't be used)
            self._database_up.set(0)
            return
        self._database_up.set(1)
        for name, run in runs.items():
            self._last_run.labels(name).set(run.started_at.timestamp())
            self._duration.labels(name).set(run.milliseconds / 1000)
            if run.succeeded_at:
                self._last_success.labels(name).set(run.succeeded_at.timestamp())

    async def _look_at_redis(self, redis: Redis | None) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                queued: Any = await redis.zcard(default_queue_name) if redis else None
        except REDIS_TROUBLE:
            queued = None
        if queued is None:
            self._redis_up.set(0)
            return
        self._redis_up.set(1)
        self._queued.set(queued)

    async def _look_at_storage(self, storage: Storage | None) -> None:
        if storage is None:
            return
        with suppress(Refusal, TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                self._free.set(await storage.run(storage.store.free_bytes))


@get(
    "/metrics",
    operation_id="readMetrics",
    tags=["Operation"],
    summary="Figures for Prometheus",
    media_type="text/plain",
    response_description="In Prometheus' text format.",
    public=True,
    security=[{}],
)
async def read_metrics(state: State) -> Response[bytes]:
    """Of this replica, and of what all share. Answers whatever is away."""
    metrics: Metrics = state.metrics
    shared: SharedMetrics = state.shared_metrics
    await shared.look(state.sessions, state.redis, state.get("storage"))
    metrics.look()
    # In a thread: to add up the figures of several processes takes milliseconds.
    return Response(await asyncio.to_thread(metrics.told), media_type=CONTENT_TYPE_LATEST)
