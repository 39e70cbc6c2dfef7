"""Finds out who is asking, before anything of the request is read."""

from collections.abc import Collection, Sequence
from uuid import UUID

from asyncpg import Record
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import func

from tracker.accounts.tokens import AccessToken, TokenInvalid, Tokens
from tracker.accounts.viewer import Viewer
from tracker.core.errors import Unauthenticated
from tracker.core.reads import Reads
from tracker.core.statements import Statement, parameter
from tracker.core.together import Together
from tracker.models import Role, Session, User

OPTIONAL_AUTH = "optional_auth"
PUBLIC = "public"

# Built once, because every request runs it. The ids are one parameter, so that however many they are, it is one
# statement for PostgreSQL to plan.
_SESSION_IDS: ColumnElement[Sequence[UUID]] = parameter("session_ids", ARRAY(Uuid()))
_VIEWERS = (
    select(Session.id.label("session_id"), User.id, User.role)
    .join(Session, Session.user_id == User.id)
    .where(
        Session.id == any_(_SESSION_IDS),
        User.is_active,
        Session.revoked_at.is_(None),
        Session.expires_at > func.now(),
    )
)
_PREPARED_VIEWERS = Statement(_VIEWERS)


class Authentication(ASGIMiddleware):
    """Puts the `Viewer` into the scope.

    Handlers are closed unless they say `public=True` (the header is not even looked at) or
    `optional_auth=True` (nobody is fine, a bad token is not).
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = PUBLIC

    def __init__(self, reads: Reads, tokens: Tokens) -> None:
        self._reads = reads
        self._tokens = tokens
        self._sessions = Together(self._look_up)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["user"] = None
        presented = _bearer(scope)
        if presented is not None:
            scope["user"] = await self._viewer(presented)
        elif not scope["route_handler"].opt.get(OPTIONAL_AUTH):
            raise Unauthenticated
        await next_app(scope, receive, send)

    async def _viewer(self, presented: str) -> Viewer:
        try:
            token = self._tokens.read(presented)
        except TokenInvalid:
            raise Unauthenticated("The access token is not valid any more. Refresh it or sign in again.") from None
        row = await self._sessions.get(token.session_id)
        if row is None or row["id"] != token.user_id:
            raise Unauthenticated("The access token is not valid any more. Refresh it or sign in again.")
        return Viewer(id=token.user_id, role=Role(row["role"]), session_id=token.session_id)

    async def _look_up(self, session_ids: Collection[UUID]) -> dict[UUID, Record]:
        rows = await self._reads.fetch(_PREPARED_VIEWERS, session_ids=list(session_ids))
        return {row["session_id"]: row for row in rows}


async def find_viewer(session: AsyncSession, token: AccessToken) -> Viewer | None:
    """The person behind a valid token as they are now; None when the session or the account has ended."""
    viewer = (await find_viewers(session, [token.session_id])).get(token.session_id)
    return viewer if viewer and viewer.id == token.user_id else None


async def find_viewers(session: AsyncSession, session_ids: Collection[UUID]) -> dict[UUID, Viewer]:
    """The people behind sessions as they are now, without those whose session or account has ended."""
    rows = await session.execute(_VIEWERS, {"session_ids": list(session_ids)})
    return {row.session_id: Viewer(id=row.id, role=row.role, session_id=row.session_id) for row in rows}


def _bearer(scope: Scope) -> str | None:
    presented = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
    if not presented:
        return None
    scheme, _, token = presented[0].partition(" ")
    if len(presented) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    return token.strip()
