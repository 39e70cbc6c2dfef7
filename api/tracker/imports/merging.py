"""An issue that was imported before, and has changed over there since.

A field that nobody has touched here follows its source. One that was changed on both sides stays as it is here, and
the import says so, once. The same holds for each comment. What is no longer in the source stays.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.events.record import PastEvent
from tracker.imports.digests import comment_digests, digest, field_digests
from tracker.imports.history import Dated, new_comment, record_all, said
from tracker.imports.people import People
from tracker.imports.source import SourceComment, SourceIssue
from tracker.imports.tally import Say
from tracker.issues.lifecycle import stamp_status
from tracker.issues.tags import keys_of
from tracker.models import Comment, Event, EventType, ImportedIssue, ImportPerson, Issue, User


@dataclass(frozen=True, slots=True)
class Difference:
    """What an issue lacks to be as its source says."""

    fields: list[str]
    new_comments: list[SourceComment]
    edited_comments: list[tuple[Comment, SourceComment]]

    def __bool__(self) -> bool:
        return bool(self.fields or self.new_comments or self.edited_comments)


class Merge:
    def __init__(self, session: AsyncSession, issue: Issue, imported: ImportedIssue, source: SourceIssue) -> None:
        self._session = session
        self._issue = issue
        self._imported = imported
        self._source = source

    async def difference(self, note: Say) -> Difference:
        comments = {comment.external_id: comment for comment in await self._imported_comments()}
        new: list[SourceComment] = []
        edited: list[tuple[Comment, SourceComment]] = []
        for theirs in self._source.comments:
            before, now = self._imported.comments.get(theirs.external_id), digest(theirs.body)
            ours = comments.get(theirs.external_id)
            if before is None:
                new.append(theirs)
            elif before == now or (ours is not None and digest(ours.body) == now):
                continue
            elif ours is not None and digest(ours.body) == before:
                edited.append((ours, theirs))
            else:
                note(f"comment {theirs.external_id} was changed there, but edited or deleted here: left alone")
        return Difference(await self._changed_fields(note), new, edited)

    async def _changed_fields(self, note: Say) -> list[str]:
        ours = await self._own_digests()
        before, now = self._imported.fields, field_digests(self._source)
        changed = [field for field in now if now[field] not in {before.get(field), ours[field]}]
        for field in changed:
            if ours[field] != before.get(field):
                note(f"{field.removesuffix('_id')} was changed there and here: left as it is here")
        return [field for field in changed if ours[field] == before.get(field)]

    async def _own_digests(self) -> dict[str, str]:
        issue = self._issue
        return {
            "title": digest(issue.title),
            "description": digest(issue.description),
            "status": digest(issue.status),
            "severity": digest(issue.severity),
            "tags": digest(issue.tags),
            "assignee_id": await self._assignee_digest(),
        }

    async def _assignee_digest(self) -> str:
        """As the import knows the assignee, if they are still the one whom it knows."""
        assignee_id = self._issue.assignee_id
        if assignee_id is None:
            return digest(None)
        origins = select(User.external_id).where(User.id == assignee_id, User.external_id.is_not(None))
        others = select(ImportPerson.external_id).where(ImportPerson.user_id == assignee_id)
        digests = [digest(known) for query in (others, origins) for known in await self._session.scalars(query)]
        before = self._imported.fields.get("assignee_id")
        return before if before in digests else (digests or [digest(f"#{assignee_id}")])[-1]

    async def _imported_comments(self) -> list[Comment]:
        query = select(Comment).where(Comment.issue_id == self._issue.id, Comment.external_id.is_not(None))
        return list(await self._session.scalars(query))

    async def apply(self, difference: Difference, people: People) -> None:
        after = await self._last_event()
        changes = self._change_fields(difference.fields, people, after=after)
        happened = [
            *changes,
            *await self._add_comments(difference.new_comments, people),
            *(self._edit_comment(ours, theirs) for ours, theirs in difference.edited_comments),
        ]
        if happened:
            self._issue.version += len(changes)
            last = await record_all(self._session, self._issue.id, happened, after=after)
            self._issue.updated_at = max(last, self._source.updated_at)
        self._imported.updated_at = self._source.updated_at
        self._imported.fields = field_digests(self._source)
        self._imported.comments = {**self._imported.comments, **comment_digests(self._source)}

    def _change_fields(self, fields: list[str], people: People, *, after: datetime) -> list[PastEvent]:
        source, issue = self._source, self._issue
        values = {
            "title": source.title,
            "description": source.description,
            "status": source.status,
            "severity": source.severity,
            "tags": source.tags,
            "assignee_id": people.id_of(source.assignee) if source.assignee else None,
        }
        dated = Dated()
        for field in fields:
            old, new = getattr(issue, field), values[field]
            setattr(issue, field, new)
            at = max(after, source.updated_at)
            if field == "status":
                at = max(after, source.closed_at or source.updated_at)
                stamp_status(issue, was=old, at=at)
            elif field == "tags":
                issue.tag_keys = keys_of(source.tags)
            dated.add(at, field, old, new)
        return dated.happenings()

    async def _add_comments(self, sources: list[SourceComment], people: People) -> list[PastEvent]:
        comments = [new_comment(self._issue.id, source, people) for source in sources]
        self._session.add_all(comments)
        self._issue.comment_count += len(comments)
        await self._session.flush()
        return [*map(said, comments)]

    def _edit_comment(self, comment: Comment, source: SourceComment) -> PastEvent:
        at = source.updated_at or self._source.updated_at
        changes = {"comment_id": (comment.id, comment.id), "body": (comment.body, source.body)}
        comment.body, comment.updated_at = source.body, at
        return PastEvent(at, EventType.COMMENT_UPDATED, changes, comment.author_id)

    async def _last_event(self) -> datetime:
        query = select(func.max(Event.created_at)).where(Event.issue_id == self._issue.id)
        return await self._session.scalar(query) or self._issue.created_at
