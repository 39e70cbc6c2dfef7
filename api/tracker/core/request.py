"""How a request body is read: of the right type, whole, strictly, and free of traps."""

import json
from collections.abc import AsyncGenerator
from typing import Any, cast

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.enums import HttpMethod, RequestEncodingType
from litestar.exceptions import InternalServerException
from litestar.types import Scope

from tracker.core.errors import FieldError, Invalid, UnsupportedMediaType
from tracker.core.schema import Input

STREAMED_BODY = "streamed_body"
"""Option of handlers that read the body themselves, because it is large or of several types."""


class Nothing(Input):
    """The body of an operation that takes none."""


def viewer_of(scope: Scope) -> Any:
    """The `Viewer` whom authentication found; None for strangers."""
    return cast("dict[str, Any]", scope).get("user")


class TrackerRequest(Request[Any, Any, State]):
    """Decodes JSON straight into the struct that the handler asks for.

    Litestar would take any content type for JSON, coerce `"1"` to 1 and let the last of two equal keys win.
    """

    async def stream(self) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in super().stream():
                yield chunk
        except InternalServerException:  # Litestar's word for a client that hung up
            raise Invalid("The connection was closed before the body was whole.") from None

    async def json(self) -> Any:
        body = await self.body()
        require_json(self)
        field = self.route_handler.parsed_data_field  # pyright: ignore[reportUnknownMemberType]
        return decode_body(body, field.annotation if field else Any)

    async def form(self) -> Any:
        content_type, _ = self.content_type
        if content_type not in {RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART}:
            raise UnsupportedMediaType
        return await super().form()


def require_json(request: Request[Any, Any, Any]) -> None:
    content_type, parameters = request.content_type
    if content_type != RequestEncodingType.JSON or parameters.get("charset", "utf-8").lower() != "utf-8":
        raise UnsupportedMediaType("Send the body as `Content-Type: application/json` in UTF-8.")


async def refuse_stray_body(request: Request[Any, Any, Any]) -> None:
    """Holds writes that take no body to that; some clients send them an empty JSON object, which is fine."""
    handler = request.route_handler
    takes_body = handler.parsed_data_field is not None or handler.opt.get(STREAMED_BODY)
    if request.method != HttpMethod.GET and not takes_body and await request.body():
        require_json(request)
        decode_body(await request.body(), Nothing)


def decode_body(body: bytes, shape: Any) -> Any:
    """Decodes one JSON document.

    Raises:
        Invalid: it is not JSON, is nested too deeply, names a key twice, or doesn't fit the shape.
    """
    try:
        json.loads(body, object_pairs_hook=_refuse_duplicates)
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise invalid_body(error) from None
    except RecursionError:
        raise Invalid("The body is nested too deeply.") from None
    except ValueError:  # UnicodeDecodeError, json.JSONDecodeError and msgspec.DecodeError are all of this kind
        raise Invalid("The body is not valid JSON in UTF-8.") from None


def invalid_body(error: msgspec.ValidationError) -> Invalid:
    """The refusal that names the field which msgspec means."""
    message, _, path = str(error).partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    if not field and message.startswith("Object "):  # "… missing required field `x`", "… unknown field `x`"
        field = message.split("`")[1]
    return Invalid(errors=[FieldError(field=field or "body", message=message)])


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise Invalid.field(twice[:100].encode(errors="replace").decode(), "Given twice.")
    return fields
