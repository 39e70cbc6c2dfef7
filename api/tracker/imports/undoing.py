"""Takes a batch back as one: afterwards everything is as if it had never been.

What the import filed goes with its comments, events, files and people, unless they are used otherwise; what it changed
gets its values, comments and events of before. Both in one transaction, so that nobody ever sees a half of it.

If people have worked with an issue since, the undo is refused, and they are told which ones. Forced, it takes what the
import filed all the same, with everything that was said and done there; what was here before and has been changed
since stays as it is, because nobody can tell what of it people wanted. Of a batch that changed other issues later on,
that is true as well: batches are undone the latest first.

The log of events keeps one entry: that issues were removed. Whoever holds a cursor from before is told to load anew.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.clock import utc_now
from tracker.core.errors import Conflict, FieldError, NotFound
from tracker.events.record import record
from tracker.imports.restoring import restore
from tracker.issues.duplicates import lock_duplicates, release_duplicates
from tracker.models import EventType, ImportBatch, ImportChange, ImportPerson, ImportState
from tracker.statistics.daily import DailyStats

SHOWN = 100
"""So many of the issues that are in the way are named."""

UNDOABLE = frozenset({ImportState.DONE, ImportState.FAILED, ImportState.UNDOING})

_FILED = "(SELECT issue_id FROM import_changes WHERE batch_id = :batch_id AND issue IS NULL)"

# An event of an issue that came after the batch's own, or an issue outside that has become a duplicate of one inside.
# Events that change nothing are those of later batches that were undone.
_TOUCHED = text("""
    WITH own AS (SELECT * FROM import_changes WHERE batch_id = :batch_id),
    since AS (
        SELECT DISTINCT own.issue_id FROM own JOIN events
            ON events.issue_id = own.issue_id AND events.id > own.last_event_id
        WHERE (events.type <> 'issue.updated' OR events.changes <> '{}') AND NOT EXISTS (
            SELECT FROM own AS same WHERE same.issue_id = events.issue_id
                AND events.id BETWEEN same.first_event_id AND same.last_event_id
        )
    )
    SELECT issue_id FROM since
    UNION
    SELECT own.issue_id FROM own JOIN import_changes AS later
        ON later.issue_id = own.issue_id AND later.id > own.id AND later.batch_id <> own.batch_id
    UNION
    SELECT own.issue_id FROM own JOIN issues ON issues.duplicate_of_id = own.issue_id
    WHERE own.issue IS NULL AND NOT EXISTS (SELECT FROM own AS same WHERE same.issue_id = issues.id)
    ORDER BY issue_id
""")
_LOCK_ISSUES = text("""
    SELECT id FROM issues WHERE id IN (SELECT issue_id FROM import_changes WHERE batch_id = :batch_id)
    ORDER BY id FOR UPDATE
""")
_OUTSIDE_ORIGINALS = text(f"""
    SELECT DISTINCT duplicate_of_id FROM issues
    WHERE duplicate_of_id IN {_FILED} AND id NOT IN {_FILED}
""")  # noqa: S608 (constants)
_FIRST_REMOVED = text(f"""
    SELECT min(id) AS issue_id, (SELECT min(created_at) FROM events WHERE issue_id IN {_FILED}) AS since
    FROM issues WHERE id IN {_FILED}
""")  # noqa: S608 (constants)
# In the order in which triggers and foreign keys find least to do.
_REMOVE = tuple(
    text(statement.format(filed=_FILED))
    for statement in (
        """INSERT INTO discarded_files (storage_key)
           SELECT storage_key FROM attachments WHERE issue_id IN {filed} AND removed_at IS NULL""",
        "DELETE FROM search_documents WHERE issue_id IN {filed}",
        "DELETE FROM comments WHERE issue_id IN {filed}",
        "DELETE FROM events WHERE issue_id IN {filed}",
        """DELETE FROM imported_issues WHERE external_id IN (
               SELECT external_id FROM import_changes WHERE batch_id = :batch_id AND issue IS NULL
           )""",
        "DELETE FROM issues WHERE id IN {filed}",
        "DELETE FROM import_changes WHERE issue_id IN {filed} AND batch_id <> :batch_id",
    )
)
# Nobody has used an account that is inactive, has no password and is named nowhere.
_REMOVE_PEOPLE = text("""
    DELETE FROM users USING import_people AS come
    WHERE come.user_id = users.id AND come.batch_id = :batch_id AND come.is_new
      AND NOT is_active AND password_hash IS NULL
      AND NOT EXISTS (SELECT FROM issues WHERE reporter_id = users.id)
      AND NOT EXISTS (SELECT FROM issues WHERE assignee_id = users.id)
      AND NOT EXISTS (SELECT FROM comments WHERE author_id = users.id)
      AND NOT EXISTS (SELECT FROM events WHERE actor_id = users.id)
      AND NOT EXISTS (SELECT FROM attachments WHERE uploaded_by_id = users.id)
      AND NOT EXISTS (SELECT FROM import_batches WHERE created_by_id = users.id)
      AND NOT EXISTS (SELECT FROM sessions WHERE user_id = users.id)
""")
_UNLINK_PEOPLE = text("""
    UPDATE users SET external_id = NULL FROM import_people AS come
    WHERE come.user_id = users.id AND come.batch_id = :batch_id AND NOT come.is_new
      AND users.external_id = come.external_id
""")
_IS_LATEST = text("""
    SELECT NOT EXISTS (
        SELECT FROM import_batches AS later JOIN import_batches AS this ON this.id = :batch_id
        WHERE later.id > this.id AND later.source = this.source AND later.state IN ('running', 'done', 'failed')
    )
""")


class Extent(NamedTuple):
    """What an undo takes back."""

    issues: int
    """They go …"""
    comments: int
    changed: int
    """… and these get their earlier values."""
    people: int
    touched: list[int]
    """Issues that people or later imports have worked with since; at most `SHOWN` of them."""
    touched_total: int


_EXTENT = text("""
    SELECT count(*) FILTER (WHERE issue IS NULL) AS issues,
           count(DISTINCT issue_id) FILTER (WHERE issue IS NOT NULL AND NOT EXISTS (
               SELECT FROM import_changes AS filed
               WHERE filed.batch_id = :batch_id AND filed.issue_id = own.issue_id AND filed.issue IS NULL
           )) AS changed,
           (SELECT count(*) FROM comments JOIN import_changes AS filed USING (issue_id)
            WHERE filed.batch_id = :batch_id AND filed.issue IS NULL) AS comments,
           (SELECT count(*) FROM import_people WHERE batch_id = :batch_id AND is_new) AS people
    FROM import_changes AS own WHERE batch_id = :batch_id
""")


async def extent_of(session: AsyncSession, batch_id: int) -> Extent:
    row = (await session.execute(_EXTENT, {"batch_id": batch_id})).one()
    touched = list(await session.scalars(_TOUCHED, {"batch_id": batch_id}))
    return Extent(row.issues, row.comments, row.changed, row.people, touched[:SHOWN], len(touched))


async def require_undoable(session: AsyncSession, batch_id: int) -> ImportBatch:
    """The batch, held until the end of the transaction.

    Raises:
        NotFound: there is no such batch.
        Conflict: there is nothing to be taken back, or not now.
    """
    batch = await session.get(ImportBatch, batch_id, with_for_update=True)
    if batch is None:
        raise NotFound(f"There is no import {batch_id}.")
    if batch.state not in UNDOABLE:
        raise Conflict(f"Import {batch_id} is {batch.state}: only what is done or failed can be undone.")
    return batch


class Undo:
    """Of one batch, in a transaction that the caller commits, holding the turn of imports.

    Args:
        session: patient, because a batch may be large.
        batch: done, failed or marked to be undone.
        actor_id: whose doing it is; None for a command's.
    """

    def __init__(self, session: AsyncSession, batch: ImportBatch, *, actor_id: int | None) -> None:
        self._session = session
        self._batch = batch
        self._actor_id = actor_id
        self._of_batch = {"batch_id": batch.id}

    async def run(self, *, force: bool = False) -> None:
        """Takes all of it back.

        Raises:
            Conflict: people have worked with it since; not if forced.
        """
        session, now = self._session, utc_now()
        await lock_duplicates(session)
        await session.execute(_LOCK_ISSUES, self._of_batch)
        touched = set(await session.scalars(_TOUCHED, self._of_batch))
        if touched and not force:
            raise in_the_way(sorted(touched), len(touched))
        removed = (await session.execute(_FIRST_REMOVED, self._of_batch)).one()
        days = [removed.since, await self._restore(touched)]
        originals = list(await session.scalars(_OUTSIDE_ORIGINALS, self._of_batch))
        await release_duplicates(session, originals, actor_id=self._actor_id, at=now)
        for statement in _REMOVE:
            await session.execute(statement, self._of_batch)
        await self._forget_people()
        if removed.issue_id is not None:
            await record(
                session,
                EventType.ISSUE_DELETED,
                issue_id=removed.issue_id,
                actor_id=self._actor_id,
                changes={},
                at=now,
            )
        if since := min(filter(None, days), default=None):
            await DailyStats(session).count_anew(since, now, began=self._batch.created_at)
        await self._end()

    async def _restore(self, touched: set[int]) -> datetime | None:
        """Gives issues that were here before their values of then, the latest change first.

        Returns:
            The time of the earliest event that goes.
        """
        filed = select(ImportChange.issue_id).where(
            ImportChange.batch_id == self._batch.id, ImportChange.issue.is_(None)
        )
        changes = select(ImportChange).where(
            ImportChange.batch_id == self._batch.id,
            ImportChange.issue.is_not(None),
            ImportChange.issue_id.not_in(filed),
        )
        since: list[datetime] = []
        restored: set[int] = set()
        for change in (await self._session.scalars(changes.order_by(ImportChange.id.desc()))).all():
            if change.issue_id not in touched and (at := await restore(self._session, change)):
                since.append(at)
                restored.add(change.issue_id)
        for issue_id in sorted(restored):
            # Says nothing of what changed; it has clients take the issue as it is now.
            await record(self._session, EventType.ISSUE_UPDATED, issue_id=issue_id, actor_id=self._actor_id, changes={})
        return min(since, default=None)

    async def _forget_people(self) -> None:
        if await self._session.scalar(_IS_LATEST, self._of_batch):
            await self._session.execute(_UNLINK_PEOPLE, self._of_batch)
            links = delete(ImportPerson).where(ImportPerson.batch_id == self._batch.id, ~ImportPerson.is_new)
            await self._session.execute(links)
        await self._session.execute(_REMOVE_PEOPLE, self._of_batch)

    async def _end(self) -> None:
        await self._session.execute(delete(ImportChange).where(ImportChange.batch_id == self._batch.id))
        await self._session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == self._batch.id)
            .values(state=ImportState.UNDONE, finished_at=func.now(), error=None)
        )


def in_the_way(touched: list[int], total: int) -> Conflict:
    """The refusal that names the issues."""
    named = [FieldError(field=f"#{issue_id}", message="Was changed since the import.") for issue_id in touched[:SHOWN]]
    issues = "1 issue was" if total == 1 else f"{total:,} issues were"
    return Conflict(
        f"{issues} changed since the import. Undo it by force, and what people did there goes with it.", errors=named
    )
