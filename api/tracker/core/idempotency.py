"""`Idempotency-Key`: the same write sent twice is done once and answered twice."""

import hashlib
import hmac
import re
from typing import Any

import msgspec
from sqlalchemy import BigInteger, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.errors import Conflict, Invalid
from tracker.core.session import run
from tracker.core.statements import Statement, parameter

_SPELLING = re.compile(r"[\x21-\x7e]{1,200}")

_IDENTITY = (parameter("user_id", BigInteger), parameter("key", Text))
# Waits for a concurrent request with the same key; a key of more than 24 hours ago counts as new.
_TAKE = Statement(
    text("""
    INSERT INTO idempotency_keys AS taken (user_id, key, fingerprint) VALUES (:user_id, :key, :fingerprint)
    ON CONFLICT (user_id, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, created_at = now(), status_code = NULL, headers = NULL, body = NULL
        WHERE taken.created_at < now() - interval '24 hours'
    RETURNING true
    """).bindparams(*_IDENTITY, parameter("fingerprint", LargeBinary))
)
_IS_KNOWN = Statement(
    text("""
    SELECT FROM idempotency_keys
    WHERE user_id = :user_id AND key = :key AND created_at >= now() - interval '24 hours'
    """).bindparams(*_IDENTITY)
)
_LOOK_UP = Statement(
    text("""
    SELECT fingerprint, status_code, headers, body FROM idempotency_keys WHERE user_id = :user_id AND key = :key
    """).bindparams(*_IDENTITY)
)
_KEEP = Statement(
    text("""
    UPDATE idempotency_keys SET status_code = :status_code, headers = :headers, body = :body
    WHERE user_id = :user_id AND key = :key
    """).bindparams(
        *_IDENTITY,
        parameter("status_code", SmallInteger),
        parameter("headers", JSONB),
        parameter("body", LargeBinary),
    )
)


class Replay(Exception):
    """The request was answered before; this is that answer."""

    def __init__(self, status_code: int, headers: dict[str, str], body: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self.body = body
        super().__init__("answered before")


class IdempotencyClaim:
    """One caller's key, and what the request under it looks like.

    The fingerprint is keyed with the installation's secret, because bodies may hold passwords.
    """

    def __init__(self, *, user_id: int | None, key: str, request: bytes, secret: str) -> None:
        if not _SPELLING.fullmatch(key):
            raise Invalid.field("Idempotency-Key", "Must be 1 to 200 visible ASCII characters.")
        self._identity: dict[str, Any] = {"user_id": user_id or 0, "key": key}
        self._fingerprint = hmac.new(secret.encode(), request, hashlib.sha256)

    def add(self, request: bytes) -> None:
        """Makes more of the request part of what must be the same when the key comes again."""
        self._fingerprint.update(request)

    async def is_known(self, session: AsyncSession) -> bool:
        """Whether the key was used before, for whatever request."""
        return bool(await run(session, _IS_KNOWN, **self._identity))

    async def take(self, session: AsyncSession) -> None:
        """Claims the key inside the write's own transaction.

        Raises:
            Replay: the same request was answered before.
            Conflict: another request used the key.
        """
        fingerprint = self._fingerprint.digest()
        if await run(session, _TAKE, **self._identity, fingerprint=fingerprint):
            return
        (before,) = await run(session, _LOOK_UP, **self._identity)
        if not hmac.compare_digest(before["fingerprint"], fingerprint):
            raise Conflict("This Idempotency-Key was used for another request. Send a new key.")
        raise Replay(before["status_code"], before["headers"], before["body"])

    async def keep(self, session: AsyncSession, status_code: int, headers: dict[str, str], body: bytes) -> None:
        answer: dict[str, Any] = {
            "status_code": status_code,
            "headers": msgspec.json.encode(headers).decode(),
            "body": body,
        }
        await run(session, _KEEP, **self._identity, **answer)
