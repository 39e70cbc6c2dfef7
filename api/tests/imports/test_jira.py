"""What is read from one line of a Jira export."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.imports.exports import Json, closed, jira_comment, jira_issue, jira_person
from tracker.imports.jira import read_issue
from tracker.imports.source import BrokenLine, SourceIssue
from tracker.models import Severity, Status


def read(issue: Json) -> tuple[SourceIssue, list[str]]:
    notes: list[str] = []
    return read_issue(json.dumps(issue).encode(), notes.append), notes


def quietly(issue: Json) -> SourceIssue:
    """What is read without a word."""
    source, notes = read(issue)
    assert notes == []
    return source


def test_texts_times_and_people_are_read_as_they_are() -> None:
    issue = quietly(
        jira_issue(
            "ALOY-4",
            summary=" Grammar   fails ",
            description="a\r\nb\rc",
            labels=["ui", "UI", "api"],
            assignee=jira_person("ann"),
            comments=[
                jira_comment(7, updated="2020-01-02T11:00:00.000+0100"),
                jira_comment(8, updated="2020-02-02T11:00:00.000+0000"),
            ],
            **closed(at="2020-01-02T14:00:00.000+0200"),
        )
    )
    assert (issue.external_id, issue.title, issue.description) == ("jira:ALOY-4", "Grammar fails", "a\nb\nc")
    assert issue.tags == ["ui", "api"]
    assert (issue.reporter.external_id, issue.reporter.full_name) == ("jira:rob", "Rob")
    assert issue.assignee is not None
    assert issue.assignee.external_id == "jira:ann"
    assert issue.closed_at == datetime(2020, 1, 2, 12, tzinfo=UTC)
    assert [comment.external_id for comment in issue.comments] == ["jira:7", "jira:8"]
    assert [comment.updated_at is None for comment in issue.comments] == [True, False]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, Status.OPEN),
        ({"status": {"name": "Reopened", "statusCategory": {"key": "new"}}}, Status.OPEN),
        ({"status": {"name": "In Review", "statusCategory": {"key": "indeterminate"}}}, Status.IN_PROGRESS),
        (closed("Fixed"), Status.DONE),
        (closed("Done"), Status.DONE),
        (closed(None), Status.DONE),
        (closed("Won't Fix"), Status.CANCELLED),
        (closed("Duplicate"), Status.CANCELLED),
        (closed("Cannot Reproduce"), Status.CANCELLED),
        ({"status": {"name": "Resolved"}, "resolutiondate": "2020-01-02T12:00:00.000+0000"}, Status.DONE),
        ({"status": {"name": "To Do"}}, Status.OPEN),
    ],
)
def test_category_and_resolution_make_the_status(fields: dict[str, Any], status: Status) -> None:
    assert quietly(jira_issue("T-1", **fields)).status is status


@pytest.mark.parametrize(
    ("priority", "severity"),
    [
        ("Blocker", Severity.CRITICAL),
        ("Critical", Severity.CRITICAL),
        ("High", Severity.HIGH),
        ("Major", Severity.HIGH),
        ("Medium", Severity.MEDIUM),
        ("None", Severity.MEDIUM),
        pytest.param(None, Severity.MEDIUM, id="no priority"),
        ("Low", Severity.LOW),
        ("Minor", Severity.LOW),
        ("Trivial", Severity.LOW),
    ],
)
def test_priority_becomes_severity(priority: str | None, severity: Severity) -> None:
    assert quietly(jira_issue("T-1", priority=priority and {"name": priority})).severity is severity


def test_a_title_that_is_too_long_is_cut_and_stands_whole_in_the_description() -> None:
    issue, notes = read(jira_issue("T-1", summary="x" * 250, description="More."))
    assert (len(issue.title), issue.title[-1]) == (200, "…")
    assert issue.description == "x" * 250 + "\n\nMore."
    assert len(notes) == 1


def test_characters_that_cannot_be_stored_leave_a_mark() -> None:
    issue = quietly(
        jira_issue("T-1", summary="a\0b\x1b", description="c\0d", labels=["e\0f"], comments=[jira_comment(1, "g\0h")])
    )
    assert (issue.title, issue.description, issue.tags) == ("a\ufffdb\ufffd", "c\ufffdd", ["e\ufffdf"])
    assert issue.comments[0].body == "g\ufffdh"


def test_what_is_too_large_is_cut_and_told() -> None:
    issue, notes = read(jira_issue("T-1", description="ä" * 2_000_000, comments=[jira_comment(7, "ä" * 150_000)]))
    assert len(issue.description.encode()) <= 2 * 1024 * 1024
    assert len(issue.comments[0].body.encode()) <= 200_000
    assert issue.description.endswith("ä\n\n…")
    assert any("description" in note for note in notes)
    assert any("comment 7" in note for note in notes)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"comments": [jira_comment(7, None)]}, "comment 7 has no text"),
        ({"comments": [jira_comment(7, " \r\n")]}, "comment 7 has no text"),
        ({"comments": [jira_comment(7), jira_comment(7, "Again")]}, "jira:7 is there twice"),
        ({"comments": [{"id": "7"}]}, "missing required field `created`"),
        ({"comments": [jira_comment(7, created="yesterday")]}, "'yesterday' is not a time"),
        ({"labels": ["x" * 51]}, "longer than 50"),
        ({"labels": [f"label{number}" for number in range(21)]}, "more than 20 labels: 'label20'"),
        ({"labels": [chr(0x1F600 + number) * 50 for number in range(11)]}, "more than 2,000 bytes of labels"),
        ({"priority": {"name": "Urgent"}}, "'Urgent' is unknown"),
        ({"status": {"name": "Parked"}}, "'Parked' is unknown"),
        ({"status": None}, "no status"),
        ({"reporter": None}, "the reporter is not named"),
        (closed() | {"resolutiondate": None}, "not since when"),
    ],
)
def test_what_is_left_out_or_guessed_is_told(fields: dict[str, Any], words: str) -> None:
    _, notes = read(jira_issue("T-1", **fields))
    assert len(notes) == 1
    assert words in notes[0]


def test_people_are_known_by_name_or_by_the_account_id_of_the_cloud() -> None:
    cloud = {"accountId": "5b10:ac8d", "displayName": "Ann Lee", "emailAddress": "Ann@Example.com"}
    issue = quietly(jira_issue("T-1", assignee=cloud))
    assert issue.assignee is not None
    assert (issue.assignee.external_id, issue.assignee.email) == ("jira:5b10:ac8d", "ann@example.com")


def test_a_comment_without_an_author_is_somebodys_nobody_knows() -> None:
    issue, notes = read(jira_issue("T-1", comments=[jira_comment(7, author=None)]))
    assert issue.comments[0].author.full_name == "Unknown person"
    assert len(notes) == 1


def test_duplicates_are_found_from_both_ends() -> None:
    link = {"type": {"name": "Duplicate", "inward": "is duplicated by", "outward": "duplicates"}}
    other = {"type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}, "outwardIssue": {"key": "T-9"}}
    issue = quietly(
        jira_issue(
            "T-1", issuelinks=[link | {"outwardIssue": {"key": "T-2"}}, link | {"inwardIssue": {"key": "T-3"}}, other]
        )
    )
    assert (issue.duplicate_of, issue.duplicated_by) == (["jira:T-2"], ["jira:T-3"])


def test_an_assignee_was_assigned_when_they_first_show() -> None:
    ann, later = (
        jira_person("ann"),
        {"created": "2020-01-02T11:00:00.000+0000", "updated": "2020-01-02T11:00:00.000+0000"},
    )
    said = [jira_comment(1, author=jira_person("rob")), jira_comment(2, author=ann, **later)]
    assert quietly(jira_issue("T-1", assignee=ann, comments=said)).assigned_at() == datetime(2020, 1, 2, 11, tzinfo=UTC)
    assert quietly(jira_issue("T-1", assignee=ann, **closed())).assigned_at() == datetime(2020, 1, 2, 12, tzinfo=UTC)
    assert quietly(jira_issue("T-1", assignee=ann)).assigned_at() == datetime(2020, 1, 3, 10, tzinfo=UTC)
    by_ann = jira_issue("T-1", assignee=ann, reporter=ann)
    assert quietly(by_ann).assigned_at() == datetime(2020, 1, 1, 10, tzinfo=UTC)


BROKEN: dict[str, bytes] = {
    "truncated": b'{"key": "T-1", ',
    "Expected `object`": b"[1, 2]",
    "missing required field `key`": b'{"fields": {"summary": "x", "created": "x"}}',
    "missing required field `fields`": b'{"key": "T-1"}',
    "missing required field `summary`": json.dumps({"key": "T-1", "fields": {"created": "x"}}).encode(),
    "the summary is empty": json.dumps(jira_issue("T-1", summary=" \t ")).encode(),
    "is not a time": json.dumps(jira_issue("T-1", created="2020-13-01T00:00:00.000+0000")).encode(),
    "with a time zone": json.dumps(jira_issue("T-1", created="2020-01-01T00:00:00.000")).encode(),
    "is no key": json.dumps(jira_issue(" ")).encode(),
    "at `fields.labels[0]`": json.dumps(jira_issue("T-1", labels=[1])).encode(),
    "at `fields.description`": json.dumps(jira_issue("T-1", description={"type": "doc"})).encode(),
    "recursion": b'{"nested": ' + b"[" * 100_000,
    "utf-8": b'{"key": "T-\xff", "fields": {}}',
    "surrogate": b'{"key": "T-1", "fields": {"summary": "\\ud800", "created": "2020-01-01T00:00:00+0000"}}',
    "0001-01-01 00:00:00+14:00 is not a time": json.dumps(
        jira_issue("T-1", created="0001-01-01T00:00:00.000+1400")
    ).encode(),
}


@pytest.mark.parametrize(("reason", "line"), BROKEN.items(), ids=list(BROKEN))
def test_a_line_that_cannot_be_imported_says_why(reason: str, line: bytes) -> None:
    with pytest.raises(BrokenLine) as broken:
        read_issue(line, lambda _: None)
    assert reason.lower() in str(broken.value).lower()
