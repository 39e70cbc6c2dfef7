"""Queries as people send them."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Annotated

from litestar.params import QueryParameter
from msgspec import Meta

from tracker.core.errors import FieldError, Invalid
from tracker.core.schema import NO_NUL
from tracker.query.ast import Me, Of, PersonName, Query, WasAssigned, Who, leaves
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
    return any(isinstance(who, PersonName) for who in _people_in(query))


def names_asker(query: Query) -> bool:
    """Whether what it finds depends on who asks, even among those who may see the same."""
    return any(isinstance(who, Me) for who in _people_in(query))


def _people_in(query: Query) -> Iterator[Who]:
    for leaf in leaves(query.root):
        if isinstance(leaf, Of | WasAssigned):
            yield from leaf.people
