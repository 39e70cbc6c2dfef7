"""The only place that commits."""

from types import TracebackType
from typing import Any, Self

from litestar import Response
from litestar.enums import MediaType
from litestar.serialization import encode_json
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.doorbell import Doorbell
from tracker.core.idempotency import IdempotencyClaim
from tracker.core.session import TransactionSession

EVENT_IDS = "event_ids"
"""Where `events.record` notes in `session.info` what it recorded."""

_CHANGED_ACCESS = "changed_access"


class Transaction:
    """`async with transaction:` around all that a request changes; leaving it commits, an exception rolls back.

    Explicit, because the framework's ways of committing after the handler either swallow a failed commit or
    turn it into an error that no handler matches.
    """

    def __init__(
        self, session: AsyncSession, claim: IdempotencyClaim | None = None, doorbell: Doorbell | None = None
    ) -> None:
        self.session = session
        self._claim = claim
        self._doorbell = doorbell
        self._answered = False

    def of(self, request: bytes) -> Self:
        """Says what the request was, where it could not be read up front."""
        if self._claim:
            self._claim.add(request)
        return self

    def expect_one_statement(self) -> None:
        """Says that all is changed by one prepared statement. To begin and to commit a transaction around it took a sixth of all.

        With an Idempotency-Key there are more.
        """
        if self._claim is None and isinstance(self.session, TransactionSession):
            self.session.expect_one()

    async def may_be_replayed(self) -> bool:
        """Whether a request with this Idempotency-Key was answered before, so that what held then counts."""
        return self._claim is not None and await self._claim.is_known(self.session)

    async def __aenter__(self) -> Self:
        if self._claim:
            await self._claim.take(self.session)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            await self.session.rollback()
            return
        if self._claim and not self._answered:
            await self.session.rollback()
            raise RuntimeError("a write must answer inside its transaction, or its Idempotency-Key can't be honoured")
        await self.session.commit()
        if self._doorbell:
            noted = self.session.info
            self._doorbell.ring(events=EVENT_IDS in noted, user_ids=noted.get(_CHANGED_ACCESS, ()))

    async def answer(
        self, value: Any = None, *, status_code: int = 200, headers: dict[str, str] | None = None
    ) -> Response[Any]:
        """The response to a write: names the events that it caused and is kept for the Idempotency-Key.

        Args:
            value: what becomes the JSON body, if it isn't that already; None for an empty one.
            status_code: of the answer.
            headers: more than `X-Event-Ids`.
        """
        event_ids: list[int] = self.session.info.get(EVENT_IDS, [])
        headers = {"X-Event-Ids": ",".join(map(str, event_ids))} | (headers or {})
        body = value if isinstance(value, bytes) else b"" if value is None else encode_json(value)
        if self._claim:
            await self._claim.keep(self.session, status_code, headers, body)
        self._answered = True
        return respond(status_code, headers, body)


def note_changed_access(session: AsyncSession, user_id: int) -> None:
    """Has open sockets of a person looked at again after the commit, because their role or sessions change."""
    session.info.setdefault(_CHANGED_ACCESS, set()).add(user_id)


def respond(status_code: int, headers: dict[str, str], body: bytes) -> Response[Any]:
    return Response(
        body or None, status_code=status_code, headers=headers, media_type=MediaType.JSON if body else MediaType.TEXT
    )
