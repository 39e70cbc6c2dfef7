"""The types that request and answer structs are made of."""

from typing import Annotated

import msgspec
from litestar.params import PathParameter

MAX_ID = 2**63 - 1

# PostgreSQL can't store NUL in text.
NO_NUL = r"\A[^\x00]*\Z"
ONE_LINE = r"\A[^\x00-\x1f\x7f\x85\u2028\u2029]*\Z"

SMALL_BODY_BYTES = 64 * 1024
"""What operations take whose bodies hold no long texts, so that nobody makes the tracker read megabytes for nothing."""

Id = Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)]
Line = Annotated[str, msgspec.Meta(pattern=ONE_LINE)]

PathId = Annotated[Id, PathParameter(ge=1, le=MAX_ID)]
"""An id in a path. Routes declare it as `str`, so that only the canonical spelling of a number is one."""


class Input(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A request body: what it doesn't name is refused."""


class Output(msgspec.Struct, kw_only=True):
    """An answer's body."""


class PersonRef(Output):
    """A person as shown beside what they did."""

    id: int
    full_name: str
