"""Keyset paging: a cursor holds the sort values of the last row, so that writes elsewhere shift nothing."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, cast

import msgspec
from litestar.params import QueryParameter
from sqlalchemy import ColumnElement, literal, tuple_

from tracker.core.errors import Invalid
from tracker.core.schema import NO_NUL, Output

T = TypeVar("T")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="How many items to answer at most.")]
Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=500, pattern=NO_NUL, description="`next_cursor` of the page before; leave out for the first page."
    ),
]


class Page(Output, Generic[T]):
    """A part of a longer list; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None


def beyond(columns: Sequence[Any], values: Sequence[Any], *, descending: bool = False) -> ColumnElement[bool]:
    """The rows after the one with these sort values, for an index on the columns in this order."""
    position = tuple_(*columns)
    reached = tuple_(
        *(
            cast("ColumnElement[Any]", value) if isinstance(value, ColumnElement) else literal(value, column.type)
            for column, value in zip(columns, values, strict=True)
        )
    )
    return position < reached if descending else position > reached


def encode_cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).rstrip(b"=").decode()


def decode_cursor(cursor: str, shape: type[T]) -> T:
    """The sort values in a cursor.

    Raises:
        Invalid: it isn't one of ours, or belongs to another sort order.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=shape)
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
        raise Invalid.field("cursor", "Not a cursor of this list. Begin again without one.") from None
