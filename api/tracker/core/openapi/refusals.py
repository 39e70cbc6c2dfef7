"""The problem documents that operations answer."""

from typing import Any

from litestar.openapi.datastructures import ResponseSpec

from tracker.core.errors import (
    Conflict,
    Forbidden,
    InsufficientStorage,
    Invalid,
    NotFound,
    Problem,
    RangeNotSatisfiable,
    Refusal,
    Stale,
    TooLarge,
    TooMany,
    TooSlow,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

MEDIA_TYPE = "application/problem+json"

_REASONS: dict[type[Refusal], str] = {
    Invalid: "The request is not valid.",
    Unauthenticated: "Not signed in, or not any more.",
    Forbidden: "The viewer's role does not allow it.",
    NotFound: "There is no such object, or the viewer may not see it.",
    Conflict: "Clashes with what is already there, or the `Idempotency-Key` was used for another request.",
    Stale: "`If-Match` names an older version; `issue` is the issue as it is now.",
    TooSlow: "The body stopped arriving.",
    TooLarge: "The body is too large.",
    UnsupportedMediaType: "The body is not of a type that the operation takes.",
    RangeNotSatisfiable: "The content has no such range.",
    TooMany: "Too many requests: at once, or in a short time.",
    Unavailable: "The database can't be reached right now.",
    InsufficientStorage: "There is no room for files any more.",
}
NAMES = {str(refusal.status.value): refusal.__name__ for refusal in _REASONS}
"""Under which name `components.responses` holds a status."""


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """What an operation may answer instead of doing its work; 503 is always among it."""
    reasons = {refusal.status.value: reason for refusal, reason in _REASONS.items()}
    return {
        status: ResponseSpec(Problem, description=reasons[status], media_type=MEDIA_TYPE, generate_examples=False)
        for status in sorted({*statuses, Unavailable.status.value})
    }


READ = refusals(400, 401)
READ_ONE = refusals(400, 401, 404)
WRITE = refusals(400, 401, 409, 413, 415, 429)
WRITE_ONE = refusals(400, 401, 404, 409, 413, 415, 429)


def shared_responses(issue: Any) -> dict[str, Any]:
    """`components.responses`: every refusal once.

    Args:
        issue: the example that a 412 carries.
    """
    responses = {refusal.__name__: _response(refusal) for refusal in _REASONS}
    responses[Invalid.__name__]["content"][MEDIA_TYPE]["example"]["errors"] = [
        {"field": "title", "message": "Must have 1 to 200 characters."}
    ]
    responses[Unauthenticated.__name__]["headers"] |= _header("WWW-Authenticate")
    for refusal in (TooMany, Unavailable):
        responses[refusal.__name__]["headers"] |= _header("Retry-After")
    responses[Stale.__name__]["content"][MEDIA_TYPE]["example"]["issue"] = issue
    return responses


def _response(refusal: type[Refusal]) -> dict[str, Any]:
    problem = {
        "type": "about:blank",
        "title": refusal.status.phrase,
        "status": refusal.status.value,
        "detail": refusal.default_detail,
        "request_id": "7abdb87fce5f42b9",
    }
    return {
        "description": _REASONS[refusal],
        "headers": _header("X-Request-Id"),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem}},
    }


def _header(name: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"}}
