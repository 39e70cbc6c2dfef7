"""Which page of the web a request comes from."""

from litestar.types import Scope


def is_allowed_origin(scope: Scope, web_origins: tuple[str, ...]) -> bool:
    """Whether it comes from a page of our own or of `WEB_ORIGINS`; what is not a browser names no origin."""
    origins = _headers(scope, b"origin")
    if not origins:
        return True
    if len(origins) > 1:
        return False
    if origins[0] in {allowed.lower().rstrip("/") for allowed in web_origins}:
        return True
    scheme, separator, authority = origins[0].partition("://")
    # Browsers leave a scheme's own port out, and some proxies write it into Host.
    port = {"http": ":80", "https": ":443"}.get(scheme)
    hosts = _headers(scope, b"host")
    return bool(separator and port and len(hosts) == 1 and hosts[0].removesuffix(port) == authority.removesuffix(port))


def _headers(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1").lower() for name, value in scope["headers"] if name == wanted]
