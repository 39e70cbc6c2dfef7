"""The event log over plain HTTP."""

from typing import Annotated

from litestar import get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.openapi import READ
from tracker.core.schema import NO_NUL
from tracker.realtime.log import EventLog
from tracker.realtime.schemas import EventBatch

After = Annotated[
    str | None,
    QueryParameter(
        max_length=8000,
        pattern=NO_NUL,
        description="`cursor` of an earlier answer, of `GET /issues/snapshot` or of the socket; leave out for now.",
    ),
]
EventLimit = Annotated[int, QueryParameter(ge=1, le=500, description="How many events to answer at most.")]


@get("/events", operation_id="listEvents", tags=["Live updates"], summary="Changes since a cursor", responses=READ)
async def list_events(
    viewer: NamedDependency[Viewer],
    session: NamedDependency[AsyncSession],
    state: State,
    after: After = None,
    limit: EventLimit = 100,
) -> EventBatch:
    """Everything committed since the cursor was given out, each event exactly once, in the order of cause.

    Without `after` there are no events, only the cursor of this moment. A cursor that can't be honoured (older
    than seven days, of another viewer, role or installation, or with more than 10,000 events to replay) is
    answered with `reset`: load `GET /issues/snapshot` and go on from its cursor.
    """
    return await EventLog(session, viewer, state.cursors).after(after, limit=limit)
