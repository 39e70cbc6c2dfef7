"""The place in the event log up to which a client has seen everything: a database snapshot, signed.

An ever-growing id can't be that place, because ids are taken before commit: a reader that stands at 17 would
miss a 16 that commits later. A `pg_snapshot` knows which transactions were still open.
"""

import base64
import binascii
import hashlib
import hmac
import time
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer

RETENTION_SECONDS = 7 * 86_400
"""Older cursors are not honoured: loading anew is cheaper than replaying a week."""

_NOW = text("SELECT CAST(pg_current_snapshot() AS text) AS snapshot, (SELECT id FROM installation) AS installation")
_MAC_BYTES = 16


class Position(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor says."""

    installation: UUID
    user_id: int
    scope: Literal["all", "own"]
    """Which issues the viewer saw; a new role makes the cursor void."""
    issued_at: int
    seen: str
    """Everything that this `pg_snapshot` sees was delivered."""
    until: str | None = None
    """In the middle of a longer replay: the `pg_snapshot` up to which it goes."""
    after_id: int = 0
    """… and the last event of it that was delivered."""


def scope_of(viewer: Viewer) -> Literal["all", "own"]:
    return "all" if viewer.is_staff else "own"


class CursorCodec:
    """Writes and reads cursors of one installation, for one viewer each."""

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.sha256(b"event cursor" + secret_key.encode()).digest()
        self._decoder = msgspec.msgpack.Decoder(Position)

    async def now(self, session: AsyncSession, viewer: Viewer) -> str:
        """The cursor of somebody who has just seen everything that this transaction sees."""
        return self.encode(await self.position_now(session, viewer))

    async def position_now(self, session: AsyncSession, viewer: Viewer) -> Position:
        row = (await session.execute(_NOW)).one()
        return Position(row.installation, viewer.id, scope_of(viewer), int(time.time()), row.snapshot)

    def encode(self, position: Position) -> str:
        payload = msgspec.msgpack.encode(position)
        return base64.urlsafe_b64encode(self._mac(payload) + payload).rstrip(b"=").decode()

    def decode(self, cursor: str) -> Position | None:
        """What the cursor says, or None for one that this installation's key did not make."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
            return self._decoder.decode(payload) if hmac.compare_digest(mac, self._mac(payload)) else None
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            return None

    def _mac(self, payload: bytes) -> bytes:
        return hashlib.blake2b(payload, key=self._key, digest_size=_MAC_BYTES).digest()


def is_honoured(position: Position, now: Position) -> bool:
    """Whether a cursor can be gone on from by the viewer and database that `now` describes."""
    return (
        (position.installation, position.user_id, position.scope) == (now.installation, now.user_id, now.scope)
        and now.issued_at - position.issued_at <= RETENTION_SECONDS
        and not is_ahead(position.seen, now.seen)
    )


def is_ahead(seen: str, now: str) -> bool:
    """Whether a snapshot saw transactions that the database does not know of: it lost its latest ones."""
    return int(seen.split(":")[1]) > int(now.split(":")[1])
