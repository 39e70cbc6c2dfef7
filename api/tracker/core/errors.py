"""Refusals, and how every one of them becomes an RFC 9457 problem document."""

from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from tracker.core.schema import Output


class FieldError(Output, omit_defaults=True):
    """Which field is wrong, as a path like `tags[0]`, and why."""

    field: str
    message: str
    position: int | None = None
    """Of a text in a language: the character, counted from 0, at which it went wrong."""


class Problem(Output, omit_defaults=True):
    """RFC 9457 problem document."""

    title: str
    status: int
    detail: str
    request_id: str
    type: str = msgspec.field(default_factory=lambda: "about:blank")
    errors: list[FieldError] | None = None
    issue: Any = None
    """With 412: the issue as it is now."""


class Refusal(Exception):
    """A request that is answered with a problem document; raised by services, free of HTTP but for the status."""

    status: ClassVar[HTTPStatus]
    default_detail: ClassVar[str]

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: list[FieldError] | None = None,
        headers: dict[str, str] | None = None,
        issue: Any = None,
    ) -> None:
        self.detail = detail or self.default_detail
        self.errors = errors
        self.headers = headers or {}
        self.issue = issue
        super().__init__(self.detail)


class Invalid(Refusal):
    status = HTTPStatus.BAD_REQUEST
    default_detail = "The request is not valid. Mend the fields named in errors and send it again."

    @classmethod
    def field(cls, name: str, message: str) -> "Invalid":
        return cls(errors=[FieldError(field=name, message=message)])


class Unauthenticated(Refusal):
    status = HTTPStatus.UNAUTHORIZED
    default_detail = "Sign in and send the access token as `Authorization: Bearer …`."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="tracker"'})


class Forbidden(Refusal):
    status = HTTPStatus.FORBIDDEN
    default_detail = "Your role does not allow this."


class NotFound(Refusal):
    status = HTTPStatus.NOT_FOUND
    default_detail = "There is nothing here, or you may not see it."


class Conflict(Refusal):
    status = HTTPStatus.CONFLICT
    default_detail = "This clashes with what is already there."


class Stale(Refusal):
    status = HTTPStatus.PRECONDITION_FAILED
    default_detail = "Somebody else changed the issue in the meantime. Compare with `issue` and send your change again."


class TooSlow(Refusal):
    status = HTTPStatus.REQUEST_TIMEOUT
    default_detail = "The request body stopped arriving. Send it again."


class TooLarge(Refusal):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request body is too large."


class UnsupportedMediaType(Refusal):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    default_detail = "The body is not of a content type that this operation takes."


class RangeNotSatisfiable(Refusal):
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    default_detail = "The content has no such range; `Content-Range` says how long it is."


class TooMany(Refusal):
    status = HTTPStatus.TOO_MANY_REQUESTS
    default_detail = "Too many requests at once. Try again in a moment."

    def __init__(self, detail: str | None = None, *, retry_after: int = 2) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class InsufficientStorage(Refusal):
    status = HTTPStatus.INSUFFICIENT_STORAGE
    default_detail = "There is no room for files any more. Tell the tracker's operator."


class Unavailable(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "The tracker can't do this right now. Try again in a moment."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})
