"""What `OPTIONS` answers."""

from litestar.enums import HttpMethod, ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send


class AllowedMethods(ASGIMiddleware):
    """Names the methods of an address to everybody, whatever these may then do with it.

    Litestar would name those of the first handler only, after asking the guards of all.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != HttpMethod.OPTIONS:
            await next_app(scope, receive, send)
            return
        methods = {
            method
            for route in scope["litestar_app"].routes
            if isinstance(route, HTTPRoute) and route.path_format == scope["path_template"]
            for method in route.methods
        }
        answer = ASGIResponse(status_code=204, headers={"Allow": ", ".join(sorted(methods))})
        await answer(scope, receive, send)
