"""Who may call an operation at all; what an operation may touch is decided by the services."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from tracker.core.errors import Forbidden

Connection = ASGIConnection[Any, Any, Any, Any]


async def staff_only(connection: Connection, _: BaseRouteHandler) -> None:
    if not connection.scope["user"].is_staff:
        raise Forbidden("Only maintainers and admins may do this.")


async def admins_only(connection: Connection, _: BaseRouteHandler) -> None:
    if not connection.scope["user"].is_admin:
        raise Forbidden("Only admins may do this.")


async def same_site(connection: Connection, _: BaseRouteHandler) -> None:
    """For operations that a cookie alone authorises: a browser on another site may not trigger them."""
    if connection.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("Not from another site.")
