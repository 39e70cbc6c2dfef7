"""What the orchestrator asks."""

from litestar import Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec

from tracker.core.schema import Output
from tracker.operations.checks import Checks
from tracker.operations.schemas import CheckStatus

ASKED = ("database", "redis", "files", "scanner")
ANSWER_SECONDS = 2.0


class Liveness(Output):
    status: str


class Readiness(Output):
    status: str
    """`ok` or `unavailable`."""
    checks: dict[str, str]
    """`ok` or `unreachable` for `database`, `files` (also when there is no room for more) and, where there are such,
    `redis` and `scanner`."""


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
    """503 while PostgreSQL is away, without which nothing works.

    What else is down is told, but no reason to send requests elsewhere: without Redis all but background jobs works,
    without the file store all but files, and without the scanner new files wait. Every replica would be out at once.
    """
    checks: Checks = state.checks
    found = {check.name: check.status for check in await checks.ask(ASKED, seconds=ANSWER_SECONDS)}
    ready = found["database"] is CheckStatus.OK
    return Response(
        Readiness(
            status="ok" if ready else "unavailable",
            checks={
                name: "ok" if status is CheckStatus.OK else "unreachable"
                for name, status in found.items()
                if status is not CheckStatus.UNUSED
            },
        ),
        status_code=200 if ready else 503,
    )
