"""GitHub's issues, as its REST API answers them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.imports.conftest import run
from tests.people import Person, accepted
from tracker.imports.github import read_entries
from tracker.imports.source import Entry, SourceIssue

Json = dict[str, Any]
API = "https://api.github.com/repos/ann/app"


def github_issue(number: int, **fields: Any) -> Json:
    told: Json = {
        "url": f"{API}/issues/{number}",
        "repository_url": API,
        "html_url": f"https://github.com/ann/app/issues/{number}",
        "number": number,
        "title": f"Issue {number}",
        "body": "It **fails**.\r\nAlways.",
        "state": "open",
        "state_reason": None,
        "labels": [],
        "milestone": None,
        "user": {"login": "rob"},
        "assignee": None,
        "assignees": [],
        "comments": 0,
        "created_at": "2020-01-01T10:00:00Z",
        "updated_at": "2020-01-03T10:00:00Z",
        "closed_at": None,
    }
    return told | fields


def github_comment(identity: int, issue: int, **fields: Any) -> Json:
    return {
        "id": identity,
        "issue_url": f"{API}/issues/{issue}",
        "user": {"login": "ann"},
        "body": "Same here.",
        "created_at": "2020-01-02T10:00:00Z",
        "updated_at": "2020-01-02T10:00:00Z",
    } | fields


def entries_of(directory: Path, text: str, comments: list[Json] | None = None) -> list[Entry]:
    path, second = directory / "issues.json", directory / "comments.json"
    path.write_text(text)
    second.write_text(json.dumps(comments))
    return list(read_entries(path, second if comments is not None else None))


def read(directory: Path, issue: Json, comments: list[Json] | None = None) -> SourceIssue:
    (entry,) = entries_of(directory, json.dumps([issue]), comments)
    assert entry.issue, entry.broken
    return entry.issue


ONE, TWO = json.dumps(github_issue(1)), json.dumps(github_issue(2))
FORMS = {
    "an array": f"[{ONE}, {TWO}]",
    "pages": f"[{ONE}][{TWO}]\n",
    "pages in an array": f"[[{ONE}],\n[{TWO}]]\n",
    "lines": f"{ONE}\n{TWO}\n",
    "mark": f"\ufeff[{ONE},{TWO}]",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=list(FORMS))
def test_an_array_or_pages_or_lines_are_the_same(tmp_path: Path, text: str) -> None:
    entries = entries_of(tmp_path, text)
    assert [(entry.line, entry.issue and entry.issue.external_id) for entry in entries] == [
        (1, "github:ann/app#1"),
        (2, "github:ann/app#2"),
    ]


@pytest.mark.parametrize(
    ("state", "reason", "status"),
    [
        ("open", None, "open"),
        ("open", "reopened", "open"),
        ("closed", None, "done"),
        ("closed", "completed", "done"),
        ("closed", "not_planned", "cancelled"),
        ("closed", "duplicate", "cancelled"),
    ],
)
def test_the_reason_tells_whether_work_was_done(tmp_path: Path, state: str, reason: str | None, status: str) -> None:
    closed_at = "2020-01-02T10:00:00Z" if state == "closed" else None
    issue = read(tmp_path, github_issue(1, state=state, state_reason=reason, closed_at=closed_at))
    assert issue.status == status
    assert issue.closed_at == (datetime(2020, 1, 2, 10, tzinfo=UTC) if closed_at else None)


def test_labels_milestone_and_people_come_along(tmp_path: Path) -> None:
    issue = read(
        tmp_path,
        github_issue(
            1,
            labels=[{"name": "bug"}, "plain", {"name": "Bug"}],
            milestone={"title": "v2"},
            assignees=[{"login": "ann"}, {"login": "raj"}],
            user=None,
            body=None,
        ),
    )
    assert issue.tags == ["bug", "plain", "v2"]
    assert (issue.reporter.full_name, issue.assignee and issue.assignee.external_id) == ("Unknown person", "github:ann")


def test_comments_of_the_second_file_find_their_issue_and_missing_ones_are_counted(tmp_path: Path) -> None:
    comments = [
        github_comment(8, 1, body="Later", created_at="2020-01-05T10:00:00Z", updated_at="2020-01-06T10:00:00Z"),
        github_comment(7, 1),
        github_comment(9, 2),
        github_comment(10, 1, issue_url="nowhere"),
    ]
    entry, _ = entries_of(tmp_path, json.dumps([github_issue(1, comments=4)]), comments)
    assert entry.issue
    assert [(said.external_id, said.body) for said in entry.issue.comments] == [
        ("github:7", "Same here."),
        ("github:8", "Later"),
    ]
    assert (entry.issue.missing_comments, entry.issue.updated_at) == (2, datetime(2020, 1, 5, 10, tzinfo=UTC))
    assert "comment 4 of the second file is not imported" in entry.notes[0]


def test_comments_go_to_the_issue_of_their_own_repository(tmp_path: Path) -> None:
    other = "https://api.github.com/repos/ann/other"
    issues = [github_issue(1), github_issue(1, repository_url=other)]
    comments = [github_comment(7, 1), github_comment(8, 1, issue_url=f"{other}/issues/1")]
    entries = entries_of(tmp_path, json.dumps(issues), comments)
    assert [[said.external_id for said in entry.issue.comments] for entry in entries if entry.issue] == [
        ["github:7"],
        ["github:8"],
    ]


def test_comments_without_their_issue_are_told(tmp_path: Path) -> None:
    comments = [github_comment(7, 1), github_comment(8, 2), github_comment(9, 2), github_comment(10, 3)]
    issues = [github_issue(1), github_issue(3, pull_request={"url": "x"})]
    *_, last = entries_of(tmp_path, json.dumps(issues), comments)
    assert (last.line, last.issue, last.broken) == (3, None, None)
    assert last.notes == ["no issue ann/app#2 was read: 2 of its comments not imported"]
    (only,) = entries_of(tmp_path, "[]", [github_comment(7, 1), github_comment(8, 1, issue_url="nowhere")])
    assert [note.split()[0] for note in only.notes] == ["comment", "no"]


def test_half_a_letter_costs_one_item_of_an_array(tmp_path: Path) -> None:
    broken, good = entries_of(tmp_path, f"[{json.dumps(github_issue(1, body=chr(0xD800)))}, {TWO}]")
    assert "surrogate" in (broken.broken or "")
    assert good.issue


def test_a_comment_of_no_time_costs_no_issue(tmp_path: Path) -> None:
    (entry,) = entries_of(tmp_path, f"[{ONE}]", [github_comment(7, 1, created_at="0001-01-01T00:00:00Z")])
    assert entry.issue
    assert "comment 7 is not imported" in entry.notes[0]


BROKEN = {
    "truncated": '{"number": 1,',
    "missing required field `title`": '{"number": 1}',
    "the title is empty": json.dumps(github_issue(1, title=" ")),
    "Expected `datetime`": json.dumps(github_issue(1, created_at=[])),
    "the first year is 1970": json.dumps(github_issue(1, created_at="0001-01-01T00:00:00Z")),
    "does not say which repository": json.dumps(github_issue(1, url="x", repository_url=None, html_url=None)),
    "Expected `object`": '"text"',
}


@pytest.mark.parametrize(("reason", "line"), BROKEN.items(), ids=list(BROKEN))
def test_a_line_that_cannot_be_imported_says_why(tmp_path: Path, reason: str, line: str) -> None:
    broken, good = entries_of(tmp_path, f"{line}\n{ONE}\n")
    assert (broken.line, good.line) == (1, 2)
    assert reason in (broken.broken or "")
    assert good.issue


async def test_pull_requests_are_left_out_and_counted(
    runner: CliRunner,
    tmp_path: Path,
    admin: Person,
) -> None:
    issues, comments = tmp_path / "issues.json", tmp_path / "comments.json"
    issues.write_text(json.dumps([github_issue(1, comments=1), github_issue(2, pull_request={"url": "x"})]))
    comments.write_text(json.dumps([github_comment(7, 1), github_comment(8, 2)]))
    result = await run(runner, issues, comments, command="github")
    assert result.exit_code == 0, result.stderr
    assert "1 pull requests are left out." in result.stdout
    (issue,) = accepted(await admin.get("/issues/"))["items"]
    assert (issue["title"], issue["comment_count"], issue["reporter"]["full_name"]) == ("Issue 1", 1, "rob")
    again = await run(runner, issues, comments, command="github")
    assert "0 new, 0 changed, 1 unchanged" in again.stdout


def test_numbers_in_texts_stay_those_of_the_repository(tmp_path: Path) -> None:
    body = "As #12, (#3) and ann/web#4; not `#5`, #0, a#6, #fff or 1.\n```\n#7\n```\n#8."
    named = "As ann/app#12, (ann/app#3) and ann/web#4; not `#5`, #0, a#6, #fff or 1.\n```\n#7\n```\nann/app#8."
    issues = json.dumps([github_issue(1, body=body, comments=1)])
    (entry,) = entries_of(tmp_path, issues, [github_comment(9, 1, body=body)])
    assert entry.issue
    assert [entry.issue.description, entry.issue.comments[0].body] == [named, named]
