"""The refresh cookie."""

from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie

from tracker.settings import Settings

NAME = "refresh_token"


def set_refresh_cookie(
    response: Response[Any], token: str, request: Request[Any, Any, Any], settings: Settings
) -> None:
    response.set_cookie(_cookie(token, request, max_age=settings.session_days * 86_400))


def clear_refresh_cookie(response: Response[Any], request: Request[Any, Any, Any]) -> None:
    response.set_cookie(_cookie("", request, max_age=0))


def _cookie(value: str, request: Request[Any, Any, Any], *, max_age: int) -> Cookie:
    """HttpOnly and SameSite=Strict; Secure wherever the browser came by https."""
    return Cookie(
        key=NAME,
        value=value,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.scope["scheme"] == "https",
    )
