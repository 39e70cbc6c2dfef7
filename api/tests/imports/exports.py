"""Exports as Jira's REST API would give them, and what an import of one must lead to."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tracker.imports.commands import import_file
from tracker.imports.jira import read_entries
from tracker.imports.tally import Tally
from tracker.models import ImportSource
from tracker.settings import Settings

Json = dict[str, Any]


def jira_person(name: str) -> Json:
    return {"name": name, "key": name, "displayName": name.title(), "active": True}


def jira_comment(number: int, body: str | None = "Same here.", **more: Any) -> Json:
    comment = {
        "id": str(number),
        "author": jira_person("ann"),
        "body": body,
        "created": "2020-01-02T10:00:00.000+0000",
        "updated": "2020-01-02T10:00:00.000+0000",
    } | more
    return {name: value for name, value in comment.items() if value is not None}


def jira_issue(key: str, **fields: Any) -> Json:
    """An issue as Jira tells it; `comments=` and `duplicates=` are put where they belong."""
    comments = fields.pop("comments", [])
    links = [
        {
            "type": {"name": "Duplicate", "inward": "is duplicated by", "outward": "duplicates"},
            "outwardIssue": {"key": k},
        }
        for k in fields.pop("duplicates", [])
    ]
    told: Json = {
        "summary": "Login fails",
        "description": "It *fails*.",
        "status": {"name": "Open", "statusCategory": {"key": "new"}},
        "resolution": None,
        "resolutiondate": None,
        "priority": {"name": "Medium"},
        "labels": [],
        "reporter": jira_person("rob"),
        "assignee": None,
        "created": "2020-01-01T10:00:00.000+0000",
        "updated": "2020-01-03T10:00:00.000+0000",
        "comment": {"comments": comments, "total": len(comments)},
        "issuelinks": links,
    }
    return {"id": "1", "key": key, "fields": told | fields}


def closed(resolution: str | None = "Fixed", at: str = "2020-01-02T12:00:00.000+0000") -> Json:
    """Fields of an issue that was closed."""
    return {
        "status": {"name": "Closed", "statusCategory": {"key": "done"}},
        "resolution": resolution and {"name": resolution},
        "resolutiondate": at,
    }


def write_export(path: Path, lines: Iterable[Json | str | bytes]) -> Path:
    """Writes objects as JSON, and strings and bytes as they are; compressed, if the name says so."""
    encoded = [
        line if isinstance(line, bytes) else line.encode() if isinstance(line, str) else json.dumps(line).encode()
        for line in lines
    ]
    content = b"".join(line + b"\n" for line in encoded)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def random_export(random: Random, size: int) -> list[Json]:
    """Issues with all that an import brings in, some of it odd."""
    names = [f"person{number}" for number in range(size // 10 + 2)]
    statuses = [{}, {}, closed(), closed("Won't Fix"), closed("Duplicate"), closed(None)]
    statuses += [{"status": {"name": "In Progress", "statusCategory": {"key": "indeterminate"}}}]
    issues: list[Json] = []
    for number in range(1, size + 1):
        comments = [
            jira_comment(
                number * 100 + position,
                random.choice(["Same here.", "{code}\nx = 1\n{code}", "line\r\nline", None, "  "]),
                author=jira_person(random.choice(names)),
                created=f"2020-01-02T11:{position:02}:00.000+0000",
                updated=f"2020-01-02T11:{position + random.choice([0, 0, 5]):02}:00.000+0000",
            )
            for position in range(random.choice([0, 0, 1, 3, 6]))
        ]
        issues.append(
            jira_issue(
                f"T-{number}",
                summary=random.choice(["Login fails", "x" * 300, "  spaces \t within  "]) + f" {number}",
                description=random.choice([None, "", "h2. Title\r\n* one\r\n* two", "NUL \0 within"]),
                priority=random.choice([None, {"name": "Critical"}, {"name": "Low"}, {"name": "None"}]),
                labels=random.sample(["ui", "UI", "api", "slow"], random.randint(0, 3)),
                reporter=jira_person(random.choice(names)),
                assignee=random.choice([None, jira_person(random.choice(names))]),
                comments=comments,
                duplicates=[f"T-{random.randint(1, size)}"] if random.random() < 0.15 else [],
                **random.choice(statuses),
            )
        )
    return issues


class Heard(list[str]):
    """What an import says about single lines."""

    def about(self, line: int) -> list[str]:
        start = f"line {line}: "
        return [message.removeprefix(start) for message in self if message.startswith(start)]


async def imported(settings: Settings, path: Path, *, dry_run: bool = False) -> tuple[Tally, Heard]:
    heard = Heard()
    _, tally = await import_file(settings, ImportSource.JIRA, path, read_entries(path), heard.append, dry_run=dry_run)
    return tally, heard


_CONTENT = {
    "users": "SELECT external_id, email, full_name, role, is_active, password_hash FROM users",
    "issues": """
        SELECT issues.external_id, title, description, status, severity, tags, tag_keys, version, comment_count,
               issues.created_at, issues.updated_at, triaged_at, closed_at, deleted_at, reporter.external_id,
               assignee.external_id, (SELECT external_id FROM issues AS original WHERE id = issues.duplicate_of_id)
        FROM issues
        JOIN users AS reporter ON reporter.id = reporter_id LEFT JOIN users AS assignee ON assignee.id = assignee_id
    """,
    "comments": """
        SELECT comments.external_id, issues.external_id, users.external_id, body, comments.created_at,
               comments.updated_at
        FROM comments JOIN issues ON issues.id = issue_id JOIN users ON users.id = author_id
    """,
    "events": """
        SELECT issues.external_id, row_number() OVER (PARTITION BY events.issue_id ORDER BY events.id), type,
               users.external_id, events.created_at,
               (changes - 'assignee_id' - 'comment_id' - 'duplicate_of')::text,
               assigned.external_id, said.external_id, original.external_id
        FROM events
        JOIN issues ON issues.id = events.issue_id
        LEFT JOIN users ON users.id = actor_id
        LEFT JOIN users AS assigned ON assigned.id = (changes->'assignee_id'->>1)::bigint
        LEFT JOIN comments AS said ON said.id = (changes->'comment_id'->>1)::bigint
        LEFT JOIN issues AS original ON original.id = (changes->'duplicate_of'->>1)::bigint
    """,
    "imported_issues": """
        SELECT imported.external_id, issues.external_id, imported.updated_at, fields::text, comments::text,
               imported.duplicate_of
        FROM imported_issues AS imported LEFT JOIN issues ON issues.id = issue_id
    """,
}


async def content(sessions: async_sessionmaker[AsyncSession]) -> dict[str, list[str]]:
    """All that is in the tables, but for numbers that depend on how often something was tried."""
    async with sessions() as session:
        return {
            table: sorted(str(tuple(row)) for row in await session.execute(text(query)))
            for table, query in _CONTENT.items()
        }
