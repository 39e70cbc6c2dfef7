"""Jira's issues as the tracker understands them."""

import re
from collections.abc import Generator
from datetime import datetime
from pathlib import Path

import msgspec

from tracker.accounts.schemas import EMAIL
from tracker.comments.schemas import MAX_BODY_BYTES
from tracker.imports.jira_shape import JiraComment, JiraFields, JiraIssue, JiraLink, JiraPerson
from tracker.imports.reading import read_lines
from tracker.imports.source import BrokenLine, Entry, SourceComment, SourceIssue, SourcePerson
from tracker.imports.texts import MAX_NAME_LENGTH, Note, decoded, fitted, in_utc, one_line, plain, tags_of, titled
from tracker.imports.wiki import to_markdown
from tracker.models import CLOSED_STATUSES, Severity, Status

_SEVERITIES = {
    Severity.CRITICAL: ("critical", "blocker", "highest"),
    Severity.HIGH: ("high", "major"),
    Severity.MEDIUM: ("medium", "none", "normal"),
    Severity.LOW: ("low", "minor", "trivial", "lowest"),
}
_SEVERITY_OF_PRIORITY = {name: severity for severity, names in _SEVERITIES.items() for name in names}

# Which statuses there are is each project's own choice; the category says how far the work is. Old exports lack it.
_STATUS_OF_CATEGORY = {"new": Status.OPEN, "indeterminate": Status.IN_PROGRESS, "done": Status.DONE}
_CATEGORIES = {
    "new": ("open", "reopened", "to do", "new", "backlog"),
    "indeterminate": ("in progress", "in review"),
    "done": ("resolved", "closed", "done"),
}
_CATEGORY_OF_STATUS = {name: category for category, names in _CATEGORIES.items() for name in names}

_WORK_WAS_DONE = {"fixed", "done", "complete", "completed", "implemented", "resolved", "delivered"}
"""Resolutions; with any other, closed work is cancelled."""

_NOBODY = SourcePerson("jira:", "Unknown person")
_issues = msgspec.json.Decoder(JiraIssue)
_comments = msgspec.json.Decoder(JiraComment)


def read_entries(path: Path) -> Generator[Entry]:
    """Every line of an export, one issue each.

    Raises:
        BrokenFile: it can't be read to its end.
    """
    for number, line, position in read_lines(path):
        notes: list[str] = []
        try:
            issue = read_issue(line, notes.append)
        except BrokenLine as broken:
            yield Entry(line=number, position=position, broken=str(broken), notes=notes)
        else:
            yield Entry(line=number, position=position, issue=issue, notes=notes)


def read_issue(line: bytes, note: Note) -> SourceIssue:
    """Reads one line of an export.

    Raises:
        BrokenLine: it can't be imported.
    """
    read = decoded(line, _issues)
    fields = read.fields
    title, description = titled(fields.summary, _markdown(fields.description or ""), "summary", note)
    comments = _read_comments(fields, note)
    created_at = _time(fields.created, "created")
    status = _status(fields, note)
    updated_at = _time(fields.updated, "updated") if fields.updated else created_at
    closed_at = None
    if status in CLOSED_STATUSES:
        if not fields.resolutiondate:
            note("is closed, but not since when: its last update is taken")
        closed_at = max(
            _time(fields.resolutiondate, "resolutiondate") if fields.resolutiondate else updated_at, created_at
        )
    return SourceIssue(
        external_id=_external_id(read.key),
        title=title,
        description=description,
        status=status,
        severity=_severity(fields, note),
        tags=tags_of(fields.labels or [], note),
        reporter=_person(fields.reporter or fields.creator, "the reporter", note),
        assignee=_person(fields.assignee, "the assignee", note) if fields.assignee else None,
        created_at=created_at,
        updated_at=max([updated_at, created_at, closed_at or created_at, *(said.created_at for said in comments)]),
        closed_at=closed_at,
        comments=comments,
        missing_comments=max(0, fields.comment.total - len(fields.comment.comments)) if fields.comment else 0,
        duplicate_of=[
            _external_id(link.outward_issue.key) for link in _duplicates(fields) if link.outward_issue is not None
        ],
        duplicated_by=[
            _external_id(link.inward_issue.key) for link in _duplicates(fields) if link.inward_issue is not None
        ],
    )


def _external_id(identity: str) -> str:
    if not identity or identity != one_line(identity):
        raise BrokenLine(f"{identity!r} is no key")
    return f"jira:{identity}"


def _time(text: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BrokenLine(f"{field}: {text!r} is not a time with a time zone")
    return in_utc(moment)


def _markdown(text: str) -> str:
    return to_markdown(plain(text))


def _status(fields: JiraFields, note: Note) -> Status:
    if fields.status is None:
        note("has no status: imported as open")
        return Status.OPEN
    name, category = fields.status.name.lower(), fields.status.status_category
    status = _STATUS_OF_CATEGORY.get(category.key if category else _CATEGORY_OF_STATUS.get(name, ""))
    if status is None:
        note(f"the status {fields.status.name!r} is unknown: imported as open")
        return Status.OPEN
    resolution = fields.resolution.name.lower() if fields.resolution else None
    if status is Status.DONE and resolution is not None and resolution not in _WORK_WAS_DONE:
        return Status.CANCELLED
    return status


def _severity(fields: JiraFields, note: Note) -> Severity:
    if fields.priority is None:
        return Severity.MEDIUM
    severity = _SEVERITY_OF_PRIORITY.get(fields.priority.name.lower())
    if severity is None:
        note(f"the priority {fields.priority.name!r} is unknown: imported as medium")
        return Severity.MEDIUM
    return severity


def _person(person: JiraPerson | None, role: str, note: Note) -> SourcePerson:
    identity = person and (person.name or person.key or person.account_id)
    if not person or not identity or not identity.strip():
        note(f"{role} is not named: imported as {_NOBODY.full_name!r}")
        return _NOBODY
    email = (person.email_address or "").strip().lower()
    return SourcePerson(
        _external_id(one_line(identity)),
        (one_line(person.display_name or "") or one_line(identity))[:MAX_NAME_LENGTH],
        email if re.fullmatch(EMAIL, email) else None,
    )


def _read_comments(fields: JiraFields, note: Note) -> list[SourceComment]:
    comments: dict[str, SourceComment] = {}
    for raw in fields.comment.comments if fields.comment else ():
        try:
            comment = _comment(decoded(raw, _comments), note)
        except BrokenLine as broken:
            note(f"a comment is not imported: {broken}")
            continue
        if comment is not None and comments.setdefault(comment.external_id, comment) is not comment:
            note(f"comment {comment.external_id} is there twice: the second is not imported")
    return sorted(comments.values(), key=lambda comment: comment.created_at)


def _comment(comment: JiraComment, note: Note) -> SourceComment | None:
    body = _markdown(comment.body or "")
    if not body.strip():
        note(f"comment {comment.id} has no text: not imported")
        return None
    created_at = _time(comment.created, "created")
    updated_at = _time(comment.updated, "updated") if comment.updated else created_at
    return SourceComment(
        external_id=_external_id(comment.id),
        author=_person(comment.author, f"the author of comment {comment.id}", note),
        body=fitted(body, MAX_BODY_BYTES, f"comment {comment.id}", note),
        created_at=created_at,
        updated_at=updated_at if updated_at > created_at else None,
    )


def _duplicates(fields: JiraFields) -> list[JiraLink]:
    return [
        link
        for link in fields.issuelinks or []
        if link.type.name.lower() == "duplicate" or link.type.outward.lower() == "duplicates"
    ]
