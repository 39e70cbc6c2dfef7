"""What may be said on the socket, and with which words it is closed."""

import time
from enum import Enum
from typing import Literal

from tracker.core.errors import Invalid
from tracker.core.request import decode_body
from tracker.core.schema import Input

AUTH_SECONDS = 5.0
MAX_FRAME_BYTES = 16 * 1024
FRAMES_PER_SECOND = 20
SOCKETS_PER_USER = 5
WRITE_NOW = "tracker.websocket.write_now"
"""The ASGI extension by which a frame is written without a task waking up for it, where our own server serves."""


class Close(Enum):
    """Code and reason of a close frame. The reasons are these and no others, so that none can tell of the inside."""

    BAD_FRAME = 4400, "bad frame"
    NOT_SIGNED_IN = 4401, "not signed in"
    TOO_SLOW = 4408, "too slow"
    TOO_MANY_FRAMES = 4429, "too many frames"
    TOO_MANY_SOCKETS = 4429, "too many sockets"
    GOING_AWAY = 1012, "going away"
    FAILED = 1011, "internal error"
    UNAVAILABLE = 1013, "try again later"

    @property
    def code(self) -> int:
        return self.value[0]

    @property
    def reason(self) -> str:
        return self.value[1]


class Auth(Input):
    """The only frame that clients send: first of all, and again with a fresh token before the old one expires."""

    type: Literal["auth"]
    token: str
    cursor: str | None = None


def read_auth(text: str | None) -> Auth | None:
    """The frame, or None if it is not one: binary, too large, not JSON, too deep, of another shape."""
    if text is None or len(text) > MAX_FRAME_BYTES:
        return None
    try:
        frame = text.encode()
        return decode_body(frame, Auth) if len(frame) <= MAX_FRAME_BYTES else None
    except (Invalid, UnicodeEncodeError):
        return None


class FrameLimit:
    """Lets 20 frames a second through, and as many at once after a pause."""

    __slots__ = ("_allowance", "_at")

    def __init__(self) -> None:
        self._allowance = float(FRAMES_PER_SECOND)
        self._at = time.monotonic()

    def exceeded(self) -> bool:
        """To be asked once for every frame."""
        now = time.monotonic()
        refilled = self._allowance + (now - self._at) * FRAMES_PER_SECOND
        self._allowance, self._at = min(refilled, FRAMES_PER_SECOND) - 1, now
        return self._allowance < 0
