"""Jira's issues as the tracker understands them."""

import re
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from tracker.accounts.schemas import EMAIL
from tracker.comments.schemas import MAX_BODY_BYTES
from tracker.core.text import key_of
from tracker.imports.jira_shape import JiraComment, JiraFields, JiraIssue, JiraLink, JiraPerson
from tracker.imports.reading import read_lines
from tracker.imports.source import BrokenLine, Entry, SourceComment, SourceIssue, SourcePerson
from tracker.imports.wiki import to_markdown
from tracker.issues.schemas import MAX_DESCRIPTION_BYTES, MAX_TITLE_LENGTH
from tracker.issues.tags import MAX_TAG_LENGTH, MAX_TAGS
from tracker.models import CLOSED_STATUSES, Severity, Status

Note = Callable[[str], None]
"""Told what of a line was changed or left out."""

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
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_MAX_NAME_LENGTH = 200

_issues = msgspec.json.Decoder(JiraIssue)
_comments = msgspec.json.Decoder(JiraComment)
_T = TypeVar("_T")


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
    read = _decoded(line, _issues)
    fields = read.fields
    title, description = _texts(fields, note)
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
        tags=_tags(fields.labels or [], note),
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


def _decoded(data: bytes | msgspec.Raw, decoder: "msgspec.json.Decoder[_T]") -> _T:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenLine(str(error).replace("`$.", "`")) from None


def _external_id(identity: str) -> str:
    if not identity or identity != _one_line(identity):
        raise BrokenLine(f"{identity!r} is no key")
    return f"jira:{identity}"


def _time(text: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BrokenLine(f"{field}: {text!r} is not a time with a time zone")


def _texts(fields: JiraFields, note: Note) -> tuple[str, str]:
    """Title and description. The whole of a title that is too long begins the description."""
    title = _one_line(fields.summary)
    if not title:
        raise BrokenLine("the summary is empty")
    description = _markdown(fields.description or "")
    if len(title) > MAX_TITLE_LENGTH:
        note(f"the summary is longer than {MAX_TITLE_LENGTH} characters: the whole of it is in the description")
        description = f"{title}\n\n{description}".rstrip()
        title = f"{title[: MAX_TITLE_LENGTH - 1].rstrip()}…"
    return title, _fitted(description, MAX_DESCRIPTION_BYTES, "the description", note)


def _one_line(text: str) -> str:
    return _CONTROL.sub("\ufffd", " ".join(text.split()))


def _markdown(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return to_markdown(text) if text.strip() else ""


def _fitted(text: str, max_bytes: int, name: str, note: Note) -> str:
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    note(f"{name} is larger than {max_bytes:,} bytes: its end is cut off")
    end = "\n\n…"
    return encoded[: max_bytes - len(end.encode())].decode(errors="ignore") + end


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


def _tags(labels: list[str], note: Note) -> list[str]:
    by_key: dict[str, str] = {}
    for label in labels:
        tag = _one_line(label)
        if not tag or len(tag) > MAX_TAG_LENGTH:
            note(f"the label {label!r} is empty or longer than {MAX_TAG_LENGTH} characters: not imported")
        elif len(by_key) == MAX_TAGS and key_of(tag) not in by_key:
            note(f"has more than {MAX_TAGS} labels: {label!r} is not imported")
        else:
            by_key.setdefault(key_of(tag), tag)
    return list(by_key.values())


def _person(person: JiraPerson | None, role: str, note: Note) -> SourcePerson:
    identity = person and (person.name or person.key or person.account_id)
    if not person or not identity or not identity.strip():
        note(f"{role} is not named: imported as {_NOBODY.full_name!r}")
        return _NOBODY
    email = (person.email_address or "").strip().lower()
    return SourcePerson(
        _external_id(_one_line(identity)),
        (_one_line(person.display_name or "") or _one_line(identity))[:_MAX_NAME_LENGTH],
        email if re.fullmatch(EMAIL, email) else None,
    )


def _read_comments(fields: JiraFields, note: Note) -> list[SourceComment]:
    comments: dict[str, SourceComment] = {}
    for raw in fields.comment.comments if fields.comment else ():
        try:
            comment = _comment(_decoded(raw, _comments), note)
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
        body=_fitted(body, MAX_BODY_BYTES, f"comment {comment.id}", note),
        created_at=created_at,
        updated_at=updated_at if updated_at > created_at else None,
    )


def _duplicates(fields: JiraFields) -> list[JiraLink]:
    return [
        link
        for link in fields.issuelinks or []
        if link.type.name.lower() == "duplicate" or link.type.outward.lower() == "duplicates"
    ]
