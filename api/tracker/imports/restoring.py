"""An issue that an import changed, as it was before."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.models import ImportChange

_FIELDS = (
    "title",
    "description",
    "status",
    "severity",
    "tags",
    "tag_keys",
    "assignee_id",
    "duplicate_of_id",
    "comment_count",
    "updated_at",
    "triaged_at",
    "closed_at",
)
_OF_CHANGE = "FROM import_changes AS change CROSS JOIN LATERAL"
_OWN_EVENTS = """
    events.issue_id = change.issue_id AND events.id BETWEEN change.first_event_id AND change.last_event_id
    AND change.id = :change_id
"""

_SINCE = text(f"SELECT min(events.created_at) FROM events, import_changes AS change WHERE {_OWN_EVENTS}")  # noqa: S608
# The version goes on: people may hold the one that is taken back.
_ISSUE = text(f"""
    UPDATE issues SET version = issues.version + 1, {", ".join(f"{field} = old.{field}" for field in _FIELDS)}
    {_OF_CHANGE} jsonb_populate_record(NULL::issues, change.issue) AS old
    WHERE change.id = :change_id AND issues.id = change.issue_id
""")  # noqa: S608 (constants, as below)
_EDITED_COMMENTS = text(f"""
    UPDATE comments SET body = old.body, updated_at = old.updated_at
    {_OF_CHANGE} jsonb_populate_recordset(NULL::comments, change.comments) AS old
    WHERE change.id = :change_id AND comments.id = old.id
""")  # noqa: S608
_NEW_COMMENTS = text(f"""
    DELETE FROM comments USING events, import_changes AS change
    WHERE {_OWN_EVENTS} AND events.type = 'comment.created'
      AND comments.id = CAST(events.changes->'comment_id'->>1 AS bigint)
""")  # noqa: S608
_EVENTS = text(f"DELETE FROM events USING import_changes AS change WHERE {_OWN_EVENTS}")  # noqa: S608
_IMPORTED = text(f"""
    UPDATE imported_issues AS known
    SET updated_at = old.updated_at, fields = old.fields, comments = old.comments, duplicate_of = old.duplicate_of
    {_OF_CHANGE} jsonb_populate_record(NULL::imported_issues, change.imported) AS old
    WHERE change.id = :change_id AND known.external_id = change.external_id
""")  # noqa: S608


async def restore(session: AsyncSession, change: ImportChange) -> datetime | None:
    """Takes one change back; returns when its earliest event was, or None if nothing was to be seen of it."""
    of_change = {"change_id": change.id}
    await session.execute(_IMPORTED, of_change)
    if change.first_event_id is None:
        return None
    since = await session.scalar(_SINCE, of_change)
    for statement in (_ISSUE, _EDITED_COMMENTS, _NEW_COMMENTS, _EVENTS):
        await session.execute(statement, of_change)
    return since
