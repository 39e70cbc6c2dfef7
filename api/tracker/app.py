"""The API, put together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State

from tracker.accounts.auth import Authentication
from tracker.accounts.tokens import Tokens
from tracker.attachments.storage import Storage
from tracker.attachments.uploads import Uploads
from tracker.core.admission import Admission
from tracker.core.database import autocommit_session_maker, database_config, session_maker
from tracker.core.documentation import documentation
from tracker.core.doorbell import Doorbell
from tracker.core.job_queue import JobQueue
from tracker.core.limits import Limits
from tracker.core.methods import AllowedMethods
from tracker.core.metrics import Metrics
from tracker.core.observability import configure_logging, tracing_of, watched
from tracker.core.passwords import Passwords
from tracker.core.problems import EXCEPTION_HANDLERS
from tracker.core.reads import Reads
from tracker.core.redis import redis_client
from tracker.core.request import TrackerRequest, refuse_stray_body
from tracker.events.cursor import CursorCodec
from tracker.examples import EXAMPLES
from tracker.issues.tag_counts import TagCounts
from tracker.issues.totals import Totals
from tracker.operations.checks import Checks
from tracker.operations.metrics import SharedMetrics
from tracker.realtime.live import LiveUpdates
from tracker.routes import DEPENDENCIES, ROUTE_HANDLERS
from tracker.search.own_words import OwnWordsKept
from tracker.settings import Settings
from tracker.statistics.cache import FigureCache
from tracker.statistics.figures import Figures
from tracker.statistics.generations import Generations

# A description of 2 MB, escaped as JSON, and some air.
MAX_BODY_BYTES = 8 * 1024 * 1024


def create_app(settings: Settings | None = None, metrics: Metrics | None = None) -> Litestar:
    """The ASGI application. Without settings they come from the environment, as for `uvicorn --factory`."""
    if settings is None:
        settings = Settings.from_environment()
        configure_logging()
    database = database_config(settings)
    sessions = session_maker(database)
    autocommit_sessions = autocommit_session_maker(database)
    replica = database_config(settings, replica=True) if settings.database_read_url else database
    read_sessions = session_maker(replica)
    reads = Reads(database.get_engine())
    tokens = Tokens(settings)
    cursors = CursorCodec(settings.secret_key)
    doorbell = Doorbell(settings.redis_url)
    metrics = metrics or Metrics()
    metrics.watch_pool(database.get_engine())
    tracing = tracing_of(settings, "tracker-api", database.get_engine(), replica.get_engine())
    redis = redis_client(settings.redis_url) if settings.redis_url else None
    limits = Limits(redis, settings.rates, metrics)
    live = LiveUpdates(
        settings,
        sessions=sessions,
        tokens=tokens,
        cursors=cursors,
        doorbell=doorbell,
        metrics=metrics,
        limits=limits,
    )

    job_queue = JobQueue(settings.redis_url)
    storage = Storage.of(settings)
    generations = Generations(redis, live.feed.join) if redis else None
    if generations:
        live.follow(generations)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None, None]:
        async with live.running():
            yield
        await doorbell.aclose()
        await job_queue.aclose()
        if redis and generations:
            await generations.aclose()
            await redis.aclose()
        await database.get_engine().dispose()
        await replica.get_engine().dispose()
        if tracing:
            await tracing.aclose()

    app = Litestar(
        route_handlers=ROUTE_HANDLERS,
        dependencies=DEPENDENCIES,
        state=State(
            {
                "settings": settings,
                "sessions": sessions,
                "autocommit_sessions": autocommit_sessions,
                "read_sessions": read_sessions,
                "reads": reads,
                "totals": Totals(),
                "own_words": OwnWordsKept(),
                "tag_counts": TagCounts(reads),
                "figures": Figures(read_sessions, FigureCache(redis, generations)),
                "tokens": tokens,
                "doorbell": doorbell,
                "redis": redis,
                "metrics": metrics,
                "limits": limits,
                "shared_metrics": SharedMetrics(metrics),
                "passwords": Passwords(),
                "cursors": cursors,
                "live": live,
                "storage": storage,
                "job_queue": job_queue,
                "checks": Checks(settings, sessions=sessions, redis=redis, storage=storage),
                "uploads": Uploads(storage, max_bytes=settings.upload_max_bytes),
            }
        ),
        middleware=[AllowedMethods(), Authentication(reads, tokens), Admission()],
        before_request=refuse_stray_body,
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=TrackerRequest,
        request_max_body_size=MAX_BODY_BYTES,
        lifespan=[lifespan],
        openapi_config=documentation(EXAMPLES),
        logging_config=None,
    )
    app.asgi_handler = watched(app.asgi_handler, metrics)
    if tracing:
        app.asgi_handler = tracing.traced(app.asgi_handler)
    return app
