"""What every request must satisfy, whatever it asks for."""

import re
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ParamType, ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.params import ParameterKwarg
from litestar.types import ASGIApp, Receive, Scope, Send

from tracker.core.errors import Invalid, NotFound
from tracker.core.limits import Limits, network_of
from tracker.core.request import viewer_of
from tracker.core.schema import MAX_ID

Connection = ASGIConnection[Any, Any, Any, Any]

_CANONICAL_ID = re.compile(r"[1-9][0-9]{0,18}")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
LIMITED_BY, STRANGERS_LIMITED_BY = "limited_by", "strangers_limited_by"
_PLAIN_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")


class Admission(ASGIMiddleware):
    """Turns away what no operation takes. Not a guard, because Litestar copies the handler for each of those."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        connection: Connection = ASGIConnection(scope, receive, send)
        handler = scope["route_handler"]
        require_canonical_ids(connection)
        require_plain_query(connection, handler)
        await require_within_limits(connection, handler)
        await next_app(scope, receive, send)


def require_canonical_ids(connection: Connection) -> None:
    """One object has one address: `007`, `+7`, `7.0` and Arabic digits name nothing."""
    ids = (value for name, value in connection.path_params.items() if name.endswith("_id"))
    for value in ids:
        if isinstance(value, str) and not (_CANONICAL_ID.fullmatch(value) and int(value) <= MAX_ID):
            raise NotFound


async def require_within_limits(connection: Connection, handler: BaseRouteHandler) -> None:
    """Counts the writes of each person. A handler may name a limit of its own, by `limited_by`, and one for strangers."""
    if connection.scope["type"] != ScopeType.HTTP or connection.scope["method"] in _READING:
        return
    limits: Limits = connection.app.state.limits
    if viewer := viewer_of(connection.scope):
        own = handler.opt.get(LIMITED_BY)
        await limits.take(writes=str(viewer.id), **({own: str(viewer.id)} if own else {}))
    elif own := handler.opt.get(STRANGERS_LIMITED_BY):
        await limits.take(**{f"{own}_address": network_of(address_of(connection)), own: "everybody"})


def address_of(connection: Connection) -> str:
    """Whom the server is connected to, or whom the proxy that it trusts is."""
    return connection.client.host if connection.client else ""


def require_plain_query(connection: Connection, handler: BaseRouteHandler) -> None:
    """A parameter that is not a list is given once, and a number is written in plain digits.

    Litestar would take the last of several values, and 1e2 for 100.
    """
    if not connection.scope["query_string"]:
        return
    for field in handler.parsed_fn_signature.parameters.values():
        parameter = field.kwarg_definition
        if isinstance(parameter, ParameterKwarg) and parameter.param_type is ParamType.QUERY:
            name = parameter.name or field.name
            given = connection.query_params.getall(name, [])
            if len(given) > 1 and not field.is_non_string_sequence:
                raise Invalid.field(name, "Given more than once.")
            if given and field.is_subclass_of(int) and not _PLAIN_NUMBER.fullmatch(given[0]):
                raise Invalid.field(name, "Must be a whole number in plain digits.")
