"""Access tokens: JWT HS256, short-lived, every claim required and checked."""

import hashlib
import secrets
import time
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import jwt
import msgspec

from tracker.settings import Settings

ISSUER, AUDIENCE, TYPE = "tracker", "tracker-api", "access"
CLAIMS = ("iss", "aud", "sub", "jti", "sid", "typ", "iat", "exp")
MAX_TOKEN_BYTES = 4096
VERIFIED_TOKENS = 2048
"""So many of the latest valid ones are known by heart: nothing of what was checked can change but the time."""
MAX_SUBJECT_DIGITS = 18
CLOCK_SKEW_SECONDS = 5


class TokenInvalid(Exception):
    """The token is not one of ours, or not any more."""


class AccessToken(msgspec.Struct, frozen=True):
    """What a valid token says."""

    user_id: int
    session_id: UUID
    expires_at: int
    """Unix time in seconds."""


class Tokens:
    """Issues and reads access tokens for one installation."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.secret_key
        self.lifetime_seconds = settings.access_token_seconds
        # Any: its methods are annotated with the key types of a package that HS256 does not need.
        self._jwt: Any = jwt.PyJWT(options={"enforce_minimum_key_length": True})
        self._verify_once = lru_cache(VERIFIED_TOKENS)(self._verify)

    def issue(self, user_id: int, session_id: UUID) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "jti": uuid4().hex,
            "sid": str(session_id),
            "typ": TYPE,
            "iat": now,
            "exp": now + self.lifetime_seconds,
        }
        return self._jwt.encode(claims, self._key, algorithm="HS256")

    def read(self, token: str) -> AccessToken:
        """Checks signature and claims; whether the session still lives is for the database to say.

        Raises:
            TokenInvalid: for whatever reason.
        """
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenInvalid
        verified = self._verify_once(token)
        if verified.expires_at <= time.time() - CLOCK_SKEW_SECONDS:
            raise TokenInvalid
        return verified

    def _verify(self, token: str) -> AccessToken:
        try:
            claims: dict[str, Any] = self._jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": list(CLAIMS), "strict_aud": True},
                leeway=CLOCK_SKEW_SECONDS,
            )
            issued, expires = claims["iat"], claims["exp"]
            if (
                claims["typ"] != TYPE
                or not isinstance(issued, int)
                or not isinstance(expires, int)
                or not 0 < expires - issued <= self.lifetime_seconds
                or not isinstance(claims["jti"], str)
                or not claims["jti"]
            ):
                raise TokenInvalid
            subject: str = claims["sub"]
            if not (subject.isascii() and subject.isdigit() and len(subject) <= MAX_SUBJECT_DIGITS):
                raise TokenInvalid
            return AccessToken(user_id=int(subject), session_id=UUID(claims["sid"]), expires_at=expires)
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise TokenInvalid from error


def new_refresh_token() -> str:
    """256 random bits; only their digest is ever stored."""
    return secrets.token_urlsafe(32)


def digest_of(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode(errors="replace")).digest()
