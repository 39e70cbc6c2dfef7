"""Turns every exception into a problem document, so that no input ends as a 5xx or as text from inside."""

import logging
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from tracker.core.database import refusal_for
from tracker.core.errors import FieldError, Invalid, NotFound, Problem, Refusal, TooLarge
from tracker.core.idempotency import Replay
from tracker.core.observability import request_id_of
from tracker.core.transaction import respond

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


def answer_refusal(request: Request[Any, Any, Any], error: Refusal) -> Response[Problem]:
    problem = problem_of(error, request_id=request_id_of(request.scope))
    return Response(problem, status_code=error.status, headers=error.headers, media_type=MEDIA_TYPE)


def problem_of(refusal: Refusal, *, request_id: str) -> Problem:
    return Problem(
        title=refusal.status.phrase,
        status=refusal.status,
        detail=refusal.detail,
        errors=refusal.errors,
        request_id=request_id,
        issue=refusal.issue,
    )


def answer_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Litestar's own refusals: routing, validation of parameters, limits."""
    if isinstance(error, ValidationException):
        return answer_refusal(request, _invalid_parameters(error))
    status = HTTPStatus(error.status_code)
    match status:
        case HTTPStatus.NOT_FOUND:
            return answer_refusal(request, NotFound())
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return answer_refusal(request, TooLarge())
        case HTTPStatus.BAD_REQUEST:
            return answer_refusal(request, Invalid("The request is not valid."))
        case HTTPStatus.METHOD_NOT_ALLOWED:
            detail = "This address does not take that method; see Allow."
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return answer_unexpected(request, error)
        case _:
            detail = status.description or status.phrase
    problem = Problem(title=status.phrase, status=status, detail=detail, request_id=request_id_of(request.scope))
    return Response(problem, status_code=status, headers=error.headers, media_type=MEDIA_TYPE)


def answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Anything else: a trouble of the database that has a name, or a bug, which is logged in full."""
    request_id = request_id_of(request.scope)
    if refusal := refusal_for(error):
        log = logger.warning if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR else logger.info
        log("database refused a request", extra={"request_id": request_id, "error": type(error).__name__})
        return answer_refusal(request, refusal)
    if isinstance(error, RecursionError):
        return answer_refusal(request, Invalid("The request is nested too deeply."))
    logger.error("unhandled exception", exc_info=error, extra={"request_id": request_id})
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=f"The tracker failed. Tell its operator the request id {request_id}.",
        request_id=request_id,
    )
    return Response(problem, status_code=status, media_type=MEDIA_TYPE)


def _invalid_parameters(error: ValidationException) -> Refusal:
    extra: list[dict[str, str]] = error.extra if isinstance(error.extra, list) else []  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if extra and all(item.get("source") == "path" for item in extra):
        # An id that can't exist is answered like one that doesn't.
        return NotFound()
    errors = [
        # Litestar's words for a body that is not there.
        FieldError(field="body", message="The body is missing.")
        if item.get("message") == "'data'"
        else FieldError(field=item.get("key") or "request", message=item.get("message", ""))
        for item in extra
    ]
    return Invalid(errors=errors or None)


def answer_replay(_: Request[Any, Any, Any], replay: Replay) -> Response[Any]:
    return respond(replay.status_code, replay.headers | {"Idempotent-Replayed": "true"}, replay.body)


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: answer_refusal,
    HTTPException: answer_http_exception,
    Replay: answer_replay,
    Exception: answer_unexpected,
}
