"""Who may call an operation at all; what an operation may touch is decided by the services."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from tracker.core.errors import Forbidden
from tracker.core.origins import is_allowed_origin
from tracker.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]


async def staff_only(connection: Connection, _: BaseRouteHandler) -> None:
    if not connection.scope["user"].is_staff:
        raise Forbidden("Only maintainers and admins may do this.")


async def admins_only(connection: Connection, _: BaseRouteHandler) -> None:
    if not connection.scope["user"].is_admin:
        raise Forbidden("Only admins may do this.")


async def same_site(connection: Connection, _: BaseRouteHandler) -> None:
    """For operations that read or set the cookie: a page of another site may not trigger them.

    Not even a sign-in: people would find themselves in the account of whoever made the page. A browser's own word
    counts most, because what it says of the origin depends on the page's referrer policy.
    """
    site = connection.headers.get("sec-fetch-site")
    if site in {"same-origin", "none"}:
        return
    settings: Settings = connection.app.state.settings
    if site == "cross-site" or not is_allowed_origin(connection.scope, settings.web_origins):
        raise Forbidden("Not from another site.")
