"""The OpenAPI document, and Swagger UI at `/schema` with assets of our own."""

from importlib.metadata import version
from importlib.resources import files
from typing import Any

from litestar import Request, Response, Router, get
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, OAuthFlow, OAuthFlows, SecurityScheme, Server, Tag
from litestar.params import FromPath
from litestar.response import Redirect

from tracker.core.errors import NotFound
from tracker.core.openapi import DocumentConfig, Examples

DESCRIPTION = """
Self-hosted issue tracking that is live everywhere and keeps reporters' issues private to them.

**Sign in** with *Authorize* (or `POST /users/token`), then send `Authorization: Bearer <access token>`.
Access tokens last ten minutes; `POST /users/token/refresh` gives the next one for the refresh cookie.

**Roles.** Reporters file issues and see their own; maintainers triage all; admins also manage people and the trash.
What a person may not see is answered 404, exactly as if it didn't exist.

**Errors** are problem documents (RFC 9457) with a `request_id`. **Writes** honour `Idempotency-Key` for 24 hours
and name the events that they caused in `X-Event-Ids`. **Times** are RFC 3339 in UTC. Unknown fields are refused.
"""

TOKEN_URL = "/users/token"  # noqa: S105 (an address)

# OpenAPI has no words for a socket.
LIVE_UPDATES = """
What happened since: over plain HTTP here, and as it happens over the WebSocket at `/ws` (`/api/ws` behind the proxy).
Both tell the same events and take each other's cursors, and that of `GET /issues/snapshot`.

The socket's frames are JSON texts. The token is never in the URL.

1. The client, within five seconds: `{"type": "auth", "token": "<access token>", "cursor": "<opaque>" | null}`.
2. The server, for a cursor: `events` with everything that was missed since, or `{"type": "reset", "cursor": …}` if the
   cursor can't be honoured; then `{"type": "ready", "cursor": …}`.
3. The server, as things happen: `{"type": "events", "cursor": …, "events": [Event, …]}`, each event exactly once, those
   of one issue in the order of cause. Whoever comes back with the last cursor goes on behind it.
4. The server, every 15 seconds: `{"type": "heartbeat", "cursor": …}`.
5. The client, before its access token expires: `auth` again with a fresh one. It is answered by `ready`; a cursor in it
   means nothing, because nothing was missed.
6. The server, when what the viewer may see changes as a whole, such as by a new role: `reset`. Load everything anew, then
   go on with what follows.

| closed with | because |
| --- | --- |
| 4400 | a frame was not one of these, binary, or larger than 16 KB |
| 4401 | not signed in, or not any more: no `auth` in time, token expired, session ended, account deactivated |
| 4408 | the client read too slowly; it comes back with its cursor |
| 4429 | more than 20 frames a second, or more than 5 sockets of one user |
| 1009 | a message of more than 64 KB |
| 1011, 1012, 1013 | a failure, a restart, or the database being away: come back a little later |

Browsers are let in from pages of the API's own host and of `WEB_ORIGINS`; others get HTTP 403.
"""

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon-32x32.png": "image/png"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Issues &amp; Insights Tracker API</title>
<link rel="icon" href="{base}assets/favicon-32x32.png"><link rel="stylesheet" href="{base}assets/swagger-ui.css">
</head>
<body><div id="ui"></div>
<script src="{base}assets/swagger-ui-bundle.js"></script><script src="{base}assets/start.js"></script>
</body>
</html>
"""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# Behind a proxy that strips a prefix only the browser knows the API's address: that of the document, one level up.
START = """
const address = new URL('../openapi.json', document.currentScript.src);
const base = new URL('..', address).href.replace(/\\/$/, '');
fetch(address).then((answer) => answer.json()).then((spec) => {
  spec.servers = [{ url: base }];
  spec.components.securitySchemes.password.flows.password.tokenUrl = base + '/users/token';
  SwaggerUIBundle({ spec, dom_id: '#ui', deepLinking: true, tryItOutEnabled: true });
});
"""


class LocalSwaggerUI(OpenAPIRenderPlugin):
    """Swagger UI without a content delivery network."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 (the page loads it)
        return PAGE.replace("{base}", _below(request, "schema")).encode()

    def receive_router(self, router: Router) -> None:
        router.register(read_asset)


@get("/assets/{name:str}", include_in_schema=False, public=True, sync_to_thread=False)
def read_asset(name: FromPath[str]) -> Response[bytes]:
    headers = {"Cache-Control": "public, max-age=86400"}
    if name == "start.js":
        return Response(START.encode(), media_type="text/javascript", headers=headers)
    if name not in ASSETS:
        raise NotFound
    content = files("swagger_ui").joinpath("static", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers=headers)


@get("/docs", include_in_schema=False, public=True, sync_to_thread=False)
def redirect_to_ui(request: Request[Any, Any, Any]) -> Redirect:
    return _redirect(request, "schema")


@get("/openapi.json", include_in_schema=False, public=True, sync_to_thread=False)
def redirect_to_document(request: Request[Any, Any, Any]) -> Redirect:
    return _redirect(request, "schema/openapi.json")


def _redirect(request: Request[Any, Any, Any], target: str) -> Redirect:
    """Relative, so that it is right behind a prefix too."""
    up = "../" if request.scope["raw_path"].endswith(b"/") else ""
    return Redirect(up + target)


def _below(request: Request[Any, Any, Any], name: str) -> str:
    return "" if request.scope["raw_path"].endswith(b"/") else f"{name}/"


def documentation(examples: Examples) -> DocumentConfig:
    return DocumentConfig(
        examples=examples,
        title="Issues & Insights Tracker",
        version=version("issues-insights-tracker"),
        description=DESCRIPTION,
        servers=[Server(url="/")],
        tags=[
            Tag(name="Accounts", description="Registration, sign-in, one's own profile and devices."),
            Tag(name="Issues", description="Filing, triage, closing, history."),
            Tag(name="Comments"),
            Tag(name="Files", description="What is attached to issues."),
            Tag(name="Live updates", description=LIVE_UPDATES),
            Tag(name="Statistics", description="Figures over what the viewer may see."),
            Tag(name="Administration", description="For admins: people and the trash."),
            Tag(name="Operation", description="For the orchestrator."),
        ],
        components=Components(
            security_schemes={
                "password": SecurityScheme(
                    type="oauth2", flows=OAuthFlows(password=OAuthFlow(token_url=TOKEN_URL, scopes={}))
                ),
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
                "refreshCookie": SecurityScheme(type="apiKey", security_scheme_in="cookie", name="refresh_token"),
            }
        ),
        security=[{"password": []}, {"bearer": []}],
        use_handler_docstrings=True,
        render_plugins=[LocalSwaggerUI()],
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            include_in_schema=False,
            opt={"public": True},
            response_headers={"Content-Security-Policy": POLICY},
        ),
    )
