"""Queries as people send them."""

from datetime import date
from functools import lru_cache
from typing import Annotated

from litestar.params import QueryParameter
from msgspec import Meta

from tracker.core.errors import FieldError, Invalid
from tracker.core.schema import NO_NUL
from tracker.query.ast import Of, PersonName, Query, WasAssigned, leaves
from tracker.query.errors import QueryError
from tracker.query.help import QUERY_HELP
from tracker.query.parser import parse

Text = Annotated[str, Meta(max_length=500, pattern=NO_NUL)]
Queries = Annotated[list[Text] | None, QueryParameter(description=QUERY_HELP)]


@lru_cache(maxsize=1024)
def read_queries(texts: tuple[str, ...], today: date) -> tuple[Query, ...]:
    """What is asked by the parameters `q`, all of which have to be met.

    Raises:
        Invalid: one makes no sense.
    """
    try:
        return tuple(parse(text, today) for text in texts)
    except QueryError as error:
        raise Invalid(errors=[FieldError(field="q", message=error.message, position=error.position)]) from None


def names_people(query: Query) -> bool:
    """Whether what it finds may change without an event, as what people are called does."""
    asked = (leaf.people for leaf in leaves(query.root) if isinstance(leaf, Of | WasAssigned))
    return any(isinstance(who, PersonName) for people in asked for who in people)
