"""What the orchestrator asks."""

import asyncio

from litestar import Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from redis.asyncio import Redis
from sqlalchemy import text

from tracker.core.database import Sessions
from tracker.core.redis import REDIS_TROUBLE
from tracker.core.schema import Output

CHECK_SECONDS = 2.0


class Liveness(Output):
    status: str


class Readiness(Output):
    status: str
    """`ok` or `unavailable`."""
    checks: dict[str, str]
    """`ok` or `unreachable` for `database` and, where there is one, `redis`."""


@get(
    "/health/live",
    operation_id="readLiveness",
    tags=["Operation"],
    summary="Is the process alive?",
    public=True,
    security=[{}],
)
async def read_liveness() -> Liveness:
    """Answers as long as the event loop turns; touches nothing else."""
    return Liveness(status="ok")


@get(
    "/health/ready",
    operation_id="readReadiness",
    tags=["Operation"],
    summary="Can it serve?",
    public=True,
    security=[{}],
    response_description="It can.",
    responses={503: ResponseSpec(Readiness, description="It can't: PostgreSQL is away.", generate_examples=False)},
)
async def read_readiness(state: State) -> Response[Readiness]:
    """503 while PostgreSQL is away. Redis being away is told, but the tracker serves without it."""
    asked = {"database": _database_answers(state.sessions)}
    if state.redis:
        asked["redis"] = _redis_answers(state.redis)
    answers = dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))
    ready = answers["database"]
    return Response(
        Readiness(
            status="ok" if ready else "unavailable",
            checks={name: "ok" if answer else "unreachable" for name, answer in answers.items()},
        ),
        status_code=200 if ready else 503,
    )


async def _database_answers(sessions: Sessions) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS), sessions() as session:
            await session.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 (whatever the reason, the answer is that the database can't be used)
        return False
    return True


async def _redis_answers(redis: Redis) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await redis.ping()  # pyright: ignore[reportUnknownMemberType]
    except REDIS_TROUBLE:
        return False
    return True
