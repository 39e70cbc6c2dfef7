"""Tags: shown as they were written, compared without case."""

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta
from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.core.errors import FieldError, Invalid
from tracker.core.schema import ONE_LINE, Output
from tracker.core.text import key_of, trimmed
from tracker.issues.visibility import visible_issues
from tracker.models import Issue

MAX_TAGS, MAX_TAG_LENGTH = 20, 50
MAX_TAG_BYTES = 2000
"""Of all tags of an issue together: they stand in an index, of which no entry can be larger than 2,700 bytes."""

Tag = Annotated[str, Meta(min_length=1, max_length=200, pattern=ONE_LINE, examples=["ui"])]
Tags = Annotated[
    list[Tag],
    Meta(
        max_length=100,
        description="Up to 20, of 1 to 50 characters each and 2,000 bytes in all; equal but for case is equal.",
    ),
]


def cleaned(tags: Iterable[str]) -> list[str]:
    """Trimmed, each only once, in the order given.

    Raises:
        Invalid: a tag is empty or too long, or they are too many or too long together.
    """
    by_key: dict[str, str] = {}
    for position, tag in enumerate(tags):
        name = trimmed(tag)
        if not 1 <= len(name) <= MAX_TAG_LENGTH:
            raise Invalid(
                errors=[FieldError(field=f"tags[{position}]", message=f"Must have 1 to {MAX_TAG_LENGTH} characters.")]
            )
        by_key.setdefault(key_of(name), name)
    if len(by_key) > MAX_TAGS:
        raise Invalid.field("tags", f"An issue has at most {MAX_TAGS} tags.")
    if bytes_of(by_key) > MAX_TAG_BYTES:
        raise Invalid.field("tags", f"An issue's tags have at most {MAX_TAG_BYTES:,} bytes in all. Shorten some.")
    return list(by_key.values())


def bytes_of(keys: Iterable[str]) -> int:
    return sum(len(key.encode()) for key in keys)


def keys_of(tags: Iterable[str]) -> list[str]:
    return [key_of(tag) for tag in tags]


class TagCount(Output):
    name: str
    count: int


async def count_tags(session: AsyncSession, viewer: Viewer) -> list[TagCount]:
    """Each tag that is on issues of the viewer's; most used first."""
    counted = await session.execute(select_tags(Issue, visible_issues(viewer)))
    return [TagCount(name=row.name, count=row.uses) for row in counted]


def select_tags(issue: type[Issue], *conditions: ColumnElement[bool], limit: int | None = None) -> Select[Any]:
    """Each tag in the spelling that the issues use most, with how many of them have it; most used first."""
    spellings = spellings_of(issue, *conditions).subquery()
    names = func.array_agg(aggregate_order_by(spellings.c.name, spellings.c.uses.desc(), spellings.c.name))
    uses = func.sum(spellings.c.uses)
    return (
        select(names[1].label("name"), cast(uses, BigInteger).label("uses"))
        .group_by(spellings.c.key)
        .order_by(uses.desc(), spellings.c.key)
        .limit(limit)
    )


def spellings_of(issue: type[Issue], *conditions: ColumnElement[bool]) -> Select[Any]:
    """Each `key` in each spelling, its `name`, and how many of the issues have it so, `uses`."""
    pairs = func.unnest(issue.tag_keys, issue.tags).table_valued("key", "name").render_derived()
    return (
        select(pairs.c.key, pairs.c.name, func.count().label("uses"))
        .select_from(issue)
        .join(pairs, true())
        .where(*conditions)
        .group_by(pairs.c.key, pairs.c.name)
    )
