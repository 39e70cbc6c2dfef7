"""What the OpenAPI document shows as examples: one issue, the people around it, and what happens to it."""

import json
from typing import Any

ANN = {"id": 7, "full_name": "Ann Lee"}
RAJ = {"id": 12, "full_name": "Raj Patel"}
CURSOR = "WyItY3JlYXRlZCIsIjIwMjYtMDItMDNUMDk6MzA6MDBaIiw0Ml0"
LOG_CURSOR = "vJ0mZl2hG0c5c1yQeKQ0x5beUbHqJ1kZp3"

ISSUE_ROW: dict[str, Any] = {
    "id": 42,
    "title": "Login fails after the session expires",
    "status": "in_progress",
    "severity": "high",
    "tags": ["login", "safari"],
    "reporter": RAJ,
    "assignee": ANN,
    "duplicate_of": None,
    "version": 3,
    "created_at": "2026-02-03T09:30:00Z",
    "updated_at": "2026-02-04T16:05:12.481Z",
    "closed_at": None,
    "comment_count": 2,
    "attachment_count": 0,
}
ISSUE = ISSUE_ROW | {"description": "Sign in, wait ten minutes, press **Save**: an empty page."}
TRASHED_ISSUE = ISSUE_ROW | {"deleted_at": "2026-02-05T08:00:00Z"}
SEARCH_HIT: dict[str, Any] = {
    "issue": ISSUE_ROW,
    "title": [{"text": "Login", "hit": True}, {"text": " fails after the session expires", "hit": False}],
    "excerpt": {
        "source": "comment",
        "comment_id": 108,
        "fragments": [{"text": "No ", "hit": False}, {"text": "login", "hit": True}, {"text": " here", "hit": False}],
    },
    "score": 0.81,
}
COMMENT: dict[str, Any] = {
    "id": 108,
    "issue_id": 42,
    "author": ANN,
    "body": "Same here, since **Monday**.",
    "created_at": "2026-02-04T11:20:00Z",
    "updated_at": None,
}
ATTACHMENT: dict[str, Any] = {
    "id": 23,
    "name": "empty page.png",
    "content_type": "image/png",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "scan_status": "clean",
    "keep": False,
    "uploaded_by": RAJ,
    "created_at": "2026-02-03T09:31:12Z",
    "expires_at": "2026-03-05T09:31:12Z",
    "removed_at": None,
}
HISTORY_ENTRY: dict[str, Any] = {
    "id": "317.0",
    "event_id": 317,
    "type": "issue.updated",
    "actor": ANN,
    "created_at": "2026-02-04T16:05:12.481Z",
    "field": "status",
    "old": "triaged",
    "new": "in_progress",
    "comment_id": None,
    "attachment": None,
    "people": [],
}
EVENT: dict[str, Any] = {
    "id": 317,
    "type": "issue.updated",
    "issue_id": 42,
    "actor": ANN,
    "created_at": "2026-02-04T16:05:12.481Z",
    "changes": {"status": ["triaged", "in_progress"], "assignee_id": [None, 7]},
    "issue": ISSUE_ROW,
}
USER: dict[str, Any] = {
    "id": 7,
    "email": "ann@example.com",
    "full_name": "Ann Lee",
    "role": "maintainer",
    "is_active": True,
    "created_at": "2026-01-15T08:00:00Z",
}
SESSION: dict[str, Any] = {
    "id": "0a4e7c1e-93a5-4d53-8f0b-5f1f3c1f2a11",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "ip": "203.0.113.9",
    "created_at": "2026-02-03T07:58:10Z",
    "last_used_at": "2026-02-04T16:00:00Z",
    "expires_at": "2026-03-06T16:00:00Z",
    "current": True,
}

DAY = {"open": 214, "triaged": 61, "in_progress": 38, "done": 1402, "cancelled": 101, "day": "2026-02-04"}
DURATION = {
    "count": 57,
    "median_seconds": 93_600.0,
    "p85_seconds": 604_800.0,
    "distribution": [{"below_seconds": 3_600, "count": 4}, {"below_seconds": None, "count": 53}],
}
SEVERITIES = {"low": 88, "medium": 141, "high": 71, "critical": 13}
DASHBOARD: dict[str, Any] = {
    "days": 30,
    "tz": "Europe/Berlin",
    "computed_at": "2026-02-04T16:05:30Z",
    "total": 1816,
    "by_status": {name: count for name, count in DAY.items() if name != "day"},
    "by_severity": {"low": 420, "medium": 1010, "high": 321, "critical": 65},
    "open_by_severity": SEVERITIES,
    "unassigned": 97,
    "my_open": 6,
    "oldest_open": [{name: ISSUE_ROW[name] for name in ("id", "title", "status", "severity", "created_at")}],
    "flow": [{"day": "2026-02-04", "opened": 9, "done": 7, "cancelled": 1}],
    "time_to_triage": DURATION,
    "time_to_close": DURATION,
    "top_tags": [{"name": "login", "count": 17}],
    "top_reporters": [{"person": RAJ, "count": 12}],
    "top_assignees": [{"person": ANN, "count": 23}],
    "status_history": [DAY],
}
JOB: dict[str, Any] = {
    "name": "daily_stats",
    "summary": "Count issues by status",
    "schedule": "every 30 minutes",
    "next_run_at": "2026-02-04T16:30:00Z",
    "last_run": {
        "started_at": "2026-02-04T16:00:00Z",
        "milliseconds": 48,
        "succeeded": True,
        "affected": 5,
        "error": None,
    },
    "last_success_at": "2026-02-04T16:00:00Z",
    "runs": 2880,
    "failures": 0,
}
CHECK: dict[str, Any] = {
    "name": "database",
    "status": "ok",
    "milliseconds": 3,
    "detail": "PostgreSQL answers.",
}
MAPPING: dict[str, Any] = {"columns": {"id": "id", "title": "title", "status": "status"}}
WHOLE_MAPPING: dict[str, Any] = MAPPING | {
    "statuses": {},
    "severities": {},
    "people": {},
    "origin": "",
    "day_first": True,
}
IMPORT_COUNTS = {
    "new": 1204,
    "changed": 0,
    "unchanged": 0,
    "left_alone": 0,
    "broken": 1,
    "new_comments": 0,
    "changed_comments": 0,
    "missing_comments": 0,
    "new_people": 17,
    "duplicates": 0,
    "left_out": 0,
}
IMPORT: dict[str, Any] = {
    "id": 3,
    "source": "csv",
    "state": "done",
    "file_name": "issues.csv",
    "size": 183_020,
    "has_comments_file": False,
    "created_by": ANN,
    "created_at": "2026-02-04T15:58:00Z",
    "started_at": "2026-02-04T16:00:00Z",
    "finished_at": "2026-02-04T16:00:09Z",
    "progress": 1.0,
    "line": 1206,
    "counts": IMPORT_COUNTS,
    "error": None,
    "mapping": WHOLE_MAPPING,
}
IMPORT_NOTE = {"line": 17, "is_error": True, "message": "not imported: the title is empty"}
IMPORT_PREVIEW: dict[str, Any] = {
    "source": "csv",
    "encoding": "utf-8",
    "separator": ",",
    "columns": ["id", "title", "status"],
    "samples": [["1", "Login fails", "open"]],
    "mapping": WHOLE_MAPPING,
    "statuses": {"open": "open"},
    "severities": {},
    "people": {},
    "rows": [
        {
            "line": 2,
            "title": "Login fails",
            "status": "open",
            "severity": "medium",
            "tags": [],
            "reporter": "Unknown person",
            "assignee": None,
            "created_at": "2026-02-04T15:58:00Z",
            "notes": [],
            "broken": None,
        }
    ],
}
UNDO = {"issues": 1204, "comments": 0, "changed": 0, "people": 17, "touched": [42], "touched_total": 1}


def _page(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"items": [item], "next_cursor": CURSOR} | more


EXAMPLES: dict[str, Any] = {
    "AccessGranted": {"access_token": "eyJhbGciOiJIUzI1NiJ9.…", "expires_in": 600, "token_type": "bearer"},
    "Attachment": ATTACHMENT,
    "AttachmentChange": {"keep": True},
    "Check": CHECK,
    "Comment": COMMENT,
    "CommentPage": _page(COMMENT),
    "CommentText": {"body": COMMENT["body"]},
    "DashboardStats": DASHBOARD,
    "DayStatus": DAY,
    "EventBatch": {"cursor": LOG_CURSOR, "events": [EVENT], "has_more": False, "reset": False},
    "exportIssues": json.dumps(ISSUE) + "\n",
    "exportIssuesAsTable": "id,title,status,severity\r\n42,Login fails after the session expires,in_progress,high\r\n",
    "exportImportNotes": "line,imported,message\r\n17,no,not imported: the title is empty\r\n",
    "HistoryEntryPage": _page(HISTORY_ENTRY),
    "Import": IMPORT,
    "ImportNotePage": _page(IMPORT_NOTE),
    "ImportPage": _page(IMPORT),
    "ImportPreview": IMPORT_PREVIEW,
    "ImportStart": {"dry_run": True, "mapping": MAPPING},
    "Issue": ISSUE,
    "IssueChange": {"status": "in_progress", "assignee_id": 7},
    "IssuePage": _page(ISSUE_ROW, total=1816, total_is_capped=False),
    "Job": JOB,
    "Liveness": {"status": "ok"},
    "NewIssue": {
        "title": ISSUE["title"],
        "description": ISSUE["description"],
        "severity": "high",
        "tags": ["login", "safari"],
    },
    "NewUser": {
        "email": "ann@example.com",
        "full_name": "Ann Lee",
        "password": "correct horse battery staple",
        "role": "maintainer",
    },
    "PasswordChange": {
        "current_password": "correct horse battery staple",
        "new_password": "a newer and better horse",
    },
    "Person": ANN,
    "ProfileChange": {"full_name": "Ann Lee-Patel"},
    "readMetrics": 'tracker_http_requests_total{method="GET",route="/issues",status="200"} 1816.0\n',
    "readSnapshot": "\n".join(json.dumps(line) for line in ({"cursor": LOG_CURSOR, "total": 1}, ISSUE_ROW)),
    "PreviewRequest": {"mapping": MAPPING},
    "Readiness": {"status": "ok", "checks": {"database": "ok", "redis": "ok", "files": "ok"}},
    "Registration": {
        "email": "ann@example.com",
        "full_name": "Ann Lee",
        "password": "correct horse battery staple",
    },
    "SearchResults": {"items": [SEARCH_HIT]},
    "Session": SESSION,
    "SimilarIssues": {"items": [{"issue": ISSUE_ROW, "score": 0.62}]},
    "TagCount": {"name": "login", "count": 17},
    "TrashedIssuePage": _page(TRASHED_ISSUE),
    "UndoExtent": UNDO,
    "UndoRequest": {"force": False},
    "User": USER,
    "UserChange": {"role": "admin"},
    "UserPage": _page(USER),
}
