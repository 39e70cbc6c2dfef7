"""GitHub's issues as the tracker understands them.

The file is what `GET /repos/OWNER/REPO/issues?state=all` of GitHub's REST API answers: an array of issues, several
such arrays one after the other (as `gh api --paginate` writes them) or in one more (with `--slurp`), or one issue a
line. Of an issue are read `number`, `title`, `body`, `state`, `state_reason`, `labels`, `milestone`, `user`,
`assignee` or `assignees`, `created_at`, `updated_at`, `closed_at`, `comments` (their number), and `repository_url`,
`html_url` or `url` for the repository. What has a `pull_request` is no issue, and is left out. `#12` in texts becomes `owner/name#12`.

A second file may hold the comments: what `GET /repos/OWNER/REPO/issues/comments` answers, in the same forms, with
`id`, `issue_url`, `user`, `body`, `created_at` and `updated_at`.

Labels and the milestone become tags. Closed as completed, or without a reason, is done; closed for any other reason is
cancelled. Texts are Markdown on both sides. Of several assignees the first is taken, and the others are named.
"""

import json
import re
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, cast

import msgspec

from tracker.comments.schemas import MAX_BODY_BYTES
from tracker.imports.reading import BrokenFile, bounded_lines, opened
from tracker.imports.references import with_repository
from tracker.imports.source import BrokenLine, Entry, SourceComment, SourceIssue, SourcePerson
from tracker.imports.texts import MAX_NAME_LENGTH, Note, fitted, in_utc, one_line, plain, tags_of, titled
from tracker.models import CLOSED_STATUSES, Severity, Status

MAX_ARRAYS = 100 * 1024 * 1024
"""They are read as a whole, which takes several times as much memory."""
_REPOSITORY = re.compile(
    r"https?://[^/]+/(?:api/v3/)?(?:repos/)?([\w.-]+/[\w.-]+?)(?:/(?:issues|pulls?)/([0-9]{1,18}).*)?/?"
)
"""Of an address, and the number of an issue in it."""
_NOBODY = SourcePerson("github:", "Unknown person")


class _User(msgspec.Struct):
    login: str


class _Named(msgspec.Struct):
    name: str


class _Milestone(msgspec.Struct):
    title: str


class _Numbered(msgspec.Struct):
    number: int
    repository_url: str | None = None
    html_url: str | None = None
    url: str | None = None


class _Issue(_Numbered, kw_only=True):
    title: str
    created_at: datetime
    state: str
    body: str | None = None
    state_reason: str | None = None
    labels: list[_Named | str] = []
    milestone: _Milestone | None = None
    user: _User | None = None
    assignee: _User | None = None
    assignees: list[_User] | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    comments: int = 0


class _Comment(msgspec.Struct):
    id: int
    issue_url: str
    created_at: datetime
    updated_at: datetime | None = None
    user: _User | None = None
    body: str | None = None


_Key = tuple[str, int]
"""Names an issue: its repository, in small letters, and its number."""


def read_entries(issues: Path, comments: Path | None = None) -> Generator[Entry]:
    """Every item of a file of issues; items of arrays are counted instead of lines.

    Raises:
        BrokenFile: one of the files can't be read to its end.
    """
    said, broken = _comments_of(comments) if comments else ({}, [])
    number = position = 0
    for number, item, position in _items(issues):
        notes, broken = broken, []
        try:
            issue = _issue(item, said, notes.append)
            entry = Entry(line=number, position=position, issue=issue, notes=notes, is_left_out=issue is None)
        except BrokenLine as reason:
            entry = Entry(line=number, position=position, broken=str(reason), notes=notes)
        yield entry
    lost = [
        f"no issue {name}#{of} was read: {len(left)} of its comments not imported" for (name, of), left in said.items()
    ]
    if broken or lost:
        yield Entry(line=number + 1, position=position, notes=broken + lost)


def _items(path: Path) -> Iterator[tuple[int, Any, int]]:
    """Decoded items with their number, and how far the file was read; a broken line is its error."""
    with opened(path) as (content, file):
        first, number = content.read(1), 1
        while first.isspace() or first in {b"\xef", b"\xbb", b"\xbf"}:
            number += first == b"\n"
            first = content.read(1)
        if first == b"[":
            text = first + content.read(MAX_ARRAYS)
            if content.read(1):
                raise BrokenFile(
                    f"it is an array of more than {MAX_ARRAYS // 1024**2} MiB: write one issue a line instead"
                )
            yield from ((count, item, file.tell()) for count, item in enumerate(_arrays(text), 1))
            return
        lines = bounded_lines(content)
        for count, line in enumerate(chain([first + next(lines, b"")], lines), number):
            if line.strip():
                yield count, _decoded(line), file.tell()


def _decoded(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return BrokenLine(str(error))


def _arrays(content: bytes) -> Iterator[Any]:
    """The items of all arrays, one after the other, up to where one breaks off. Arrays in them are pages of more."""
    text, at, decoder = content.decode(errors="surrogateescape"), 0, json.JSONDecoder()
    try:
        while at < len(text):
            at = _past_blank(text, _expected(text, at, "[") + 1)
            while text[at : at + 1] != "]":
                _, end = decoder.raw_decode(text, at)
                item = _decoded(text[at:end].encode(errors="surrogateescape"))
                yield from item if isinstance(item, list) else [item]
                at = _past_blank(text, end)
                if text[at : at + 1] != "]":
                    at = _past_blank(text, _expected(text, at, ",") + 1)
            at = _past_blank(text, at + 1)
    except (ValueError, RecursionError) as error:
        raise BrokenFile(str(error)) from None


def _past_blank(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _expected(text: str, at: int, character: str) -> int:
    if text[at : at + 1] != character:
        raise BrokenFile(f"there should be a {character!r} at character {at + 1:,}")
    return at


def _as(item: Any, shape: type[Any]) -> Any:
    if isinstance(item, BrokenLine):
        raise item
    try:
        return msgspec.convert(item, shape)
    except (msgspec.ValidationError, OverflowError) as error:
        raise BrokenLine(str(error).replace("`$.", "`")) from None


def _issue(item: Any, said: dict[_Key, list[_Comment]], note: Note) -> SourceIssue | None:
    """The issue that an item is, whose comments are taken out of those that were said; None for a pull request."""
    if isinstance(item, dict) and cast("dict[str, Any]", item).get("pull_request"):
        with suppress(BrokenLine):
            pull: _Numbered = _as(item, _Numbered)
            said.pop((_repository(pull).lower(), pull.number), None)
        return None
    read: _Issue = _as(item, _Issue)
    repository = _repository(read)
    own = said.pop((repository.lower(), read.number), [])
    title, description = titled(read.title, with_repository(plain(read.body or ""), repository), "title", note)
    created_at = in_utc(read.created_at)
    updated_at = in_utc(read.updated_at or read.created_at)
    status = _status(read, note)
    closed_at = (
        max(created_at, in_utc(read.closed_at or read.updated_at or created_at)) if status in CLOSED_STATUSES else None
    )
    comments = _said(own, repository, note)
    labels = [label if isinstance(label, str) else label.name for label in read.labels]
    assignees = ([read.assignee] if read.assignee else []) + (read.assignees or [])
    others = sorted({other.login for other in assignees} - {assignees[0].login}) if assignees else []
    if others:
        note(f"is assigned to {assignees[0].login} alone, not to {', '.join(others)} as well")
    return SourceIssue(
        external_id=f"github:{repository}#{read.number}",
        title=title,
        description=description,
        status=status,
        severity=Severity.MEDIUM,
        tags=tags_of(labels + ([read.milestone.title] if read.milestone else []), note),
        reporter=_person(read.user),
        assignee=_person(assignees[0]) if assignees else None,
        created_at=created_at,
        updated_at=max(
            [created_at, updated_at, closed_at or created_at, *(comment.created_at for comment in comments)]
        ),
        closed_at=closed_at,
        comments=comments,
        missing_comments=max(0, read.comments - len(own)),
        duplicate_of=[],
        duplicated_by=[],
    )


def _repository(issue: _Numbered) -> str:
    for address in (issue.repository_url, issue.html_url, issue.url):
        if address and (found := _REPOSITORY.fullmatch(address)):
            return found[1]
    raise BrokenLine("does not say which repository it is of: it has no repository_url, html_url or url")


def _status(issue: _Issue, note: Note) -> Status:
    if issue.state == "open":
        return Status.OPEN
    if issue.state != "closed":
        note(f"the state {issue.state!r} is unknown: imported as open")
        return Status.OPEN
    return Status.DONE if issue.state_reason in {None, "completed"} else Status.CANCELLED


def _person(user: _User | None) -> SourcePerson:
    login = one_line(user.login)[:MAX_NAME_LENGTH] if user else ""
    return SourcePerson(f"github:{login}", login) if login else _NOBODY


def _comments_of(path: Path) -> tuple[dict[_Key, list[_Comment]], list[str]]:
    """Comments by their issue, and what is to be said of those that can't be read."""
    by_issue: defaultdict[_Key, list[_Comment]] = defaultdict(list)
    broken: list[str] = []
    for number, item, _ in _items(path):
        try:
            comment: _Comment = _as(item, _Comment)
            by_issue[_issue_of(comment)].append(comment)
        except BrokenLine as reason:
            broken.append(f"comment {number} of the second file is not imported: {reason}")
    return by_issue, broken


def _issue_of(comment: _Comment) -> _Key:
    found = _REPOSITORY.fullmatch(comment.issue_url)
    if found and found[2]:
        return found[1].lower(), int(found[2])
    raise BrokenLine(f"{comment.issue_url!r} is not the address of an issue")


def _said(comments: list[_Comment], repository: str, note: Note) -> list[SourceComment]:
    by_id: dict[int, SourceComment] = {}
    for comment in comments:
        body = with_repository(plain(comment.body or ""), repository)
        if not body:
            note(f"comment {comment.id} has no text: not imported")
            continue
        try:
            created_at, updated_at = in_utc(comment.created_at), in_utc(comment.updated_at or comment.created_at)
        except BrokenLine as broken:
            note(f"comment {comment.id} is not imported: {broken}")
            continue
        by_id[comment.id] = SourceComment(
            external_id=f"github:{comment.id}",
            author=_person(comment.user),
            body=fitted(body, MAX_BODY_BYTES, f"comment {comment.id}", note),
            created_at=created_at,
            updated_at=updated_at if updated_at > created_at else None,
        )
    return sorted(by_id.values(), key=lambda comment: comment.created_at)
