"""What handlers are given: a session, and the transaction of a write."""

from collections.abc import AsyncGenerator

from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.database import Sessions
from tracker.core.errors import Invalid
from tracker.core.idempotency import IdempotencyClaim
from tracker.core.request import STREAMED_BODY, TrackerRequest, viewer_of
from tracker.core.transaction import Transaction
from tracker.settings import Settings


async def provide_session(request: TrackerRequest, state: State) -> AsyncGenerator[AsyncSession, None]:
    """One session a request; its connection goes back to the pool before the answer is sent."""
    sessions: Sessions = state.autocommit_sessions if request.method == HttpMethod.GET else state.sessions
    async with sessions() as session:
        yield session


async def provide_transaction(
    request: TrackerRequest, session: NamedDependency[AsyncSession], state: State
) -> Transaction:
    keys = request.headers.getall("idempotency-key", [])
    if not keys:
        return Transaction(session, doorbell=state.doorbell)
    if len(keys) > 1:
        raise Invalid.field("Idempotency-Key", "Given more than once.")
    settings: Settings = state.settings
    viewer = viewer_of(request.scope)
    # With another role it is another request: what was answered to a maintainer is not for the reporter of today.
    role = viewer.role.value if viewer else ""
    claim = IdempotencyClaim(
        user_id=viewer.id if viewer else None,
        key=keys[0],
        request=f"{role} {request.method} {request.scope['path'].rstrip('/')}\n".encode(),
        secret=settings.secret_key,
    )
    if not request.route_handler.opt.get(STREAMED_BODY):
        claim.add(await request.body())
    return Transaction(session, claim, state.doorbell)
