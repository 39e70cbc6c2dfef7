"""What of an issue is compared, as short strings: equal digests, equal values."""

import hashlib
from collections.abc import Sequence

import msgspec

from tracker.imports.source import SourceIssue

FIELDS = ("title", "description", "status", "severity", "tags", "assignee_id")


def digest(value: str | Sequence[str] | None) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:24]


def field_digests(issue: SourceIssue) -> dict[str, str]:
    return {
        "title": digest(issue.title),
        "description": digest(issue.description),
        "status": digest(issue.status),
        "severity": digest(issue.severity),
        "tags": digest(issue.tags),
        "assignee_id": digest(issue.assignee and issue.assignee.external_id),
    }


def comment_digests(issue: SourceIssue) -> dict[str, str]:
    return {comment.external_id: digest(comment.body) for comment in issue.comments}
