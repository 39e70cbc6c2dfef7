"""Tables in CSV, as other programs write them, and what becomes of their rows."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.imports.conftest import run
from tests.imports.exports import Heard, content
from tests.people import Person, accepted
from tracker.core.database import Sessions
from tracker.imports import tables
from tracker.imports.commands import import_file
from tracker.imports.csv_issues import read_entries, table_of
from tracker.imports.csv_mapping import Mapping, suggested
from tracker.imports.source import Entry, SourceIssue
from tracker.imports.tables import Dialect
from tracker.imports.tally import Outcome, Tally
from tracker.models import ImportSource
from tracker.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def table(*rows: Sequence[str], separator: str = ",") -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows(rows)
    return written.getvalue()


def entries_of(path: Path, content: str | bytes, **mapping: Any) -> list[Entry]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = table_of(path)
    chosen = suggested(found.header)
    return list(read_entries(found, Mapping(columns=chosen.columns, **mapping), NOW))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def only(entries: list[Entry]) -> SourceIssue:
    (entry,) = entries
    assert entry.issue, entry
    return entry.issue


csv_reader = csv.reader
TEXT = "id;title\r\n1;Tür klemmt\r\n"
WRITTEN: dict[str, tuple[bytes, Dialect]] = {
    "UTF-8": (TEXT.encode(), Dialect("utf-8", ";")),
    "UTF-8 with its mark": (TEXT.encode("utf-8-sig"), Dialect("utf-8", ";")),
    "Latin-1": (TEXT.encode("latin-1"), Dialect("windows-1252", ";")),
    "Excel's Unicode": (TEXT.replace(";", "\t").encode("utf-16"), Dialect("utf-16", "\t")),
    "commas": (TEXT.replace(";", ",").encode(), Dialect("utf-8", ",")),
    "tabs and old line ends": (TEXT.replace(";", "\t").replace("\r\n", "\r").encode(), Dialect("utf-8", "\t")),
}


@pytest.mark.parametrize(("written", "dialect"), WRITTEN.values(), ids=list(WRITTEN))
def test_encoding_and_separator_are_found_out(path: Path, written: bytes, dialect: Dialect) -> None:
    issue = only(entries_of(path, written))
    assert table_of(path).dialect == dialect
    assert (issue.external_id, issue.title) == ("csv:1", "Tür klemmt")


def test_commas_in_texts_do_not_make_them_the_separator(path: Path) -> None:
    entries_of(path, "id;title\n1;a, b, c\n2;d, e, f\n")
    assert table_of(path).dialect.separator == ";"


def test_texts_may_have_lines_quotes_and_separators(path: Path) -> None:
    text = 'First, "quoted"\nsecond; line\n\nfourth'
    entries = entries_of(path, table(["title", "description"], ["A", text], ["B", ""]))
    assert [(entry.line, entry.issue and entry.issue.description) for entry in entries] == [(2, text), (6, "")]


def test_a_quote_that_is_never_closed_costs_one_line(path: Path) -> None:
    entries = entries_of(path, 'title,tags\nOne,a\n"Two,b\nThree,c\n"Four ""4""",d\nFive 5",e\n')
    assert [(entry.line, entry.issue and entry.issue.title) for entry in entries] == [
        (2, "One"),
        (3, None),
        (4, "Three"),
        (5, 'Four "4"'),
        (6, 'Five 5"'),
    ]
    assert "quote" in (entries[1].broken or "") or "expected after" in (entries[1].broken or "")


def test_no_line_is_read_again_and_again_for_the_end_of_a_quote(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the lines after a quote that is never closed could be its end."""
    read: list[str] = []

    def reader(lines: Iterable[str], **how: Any) -> Iterator[list[str]]:
        read.append("a row")
        return csv_reader(lines, **how)

    monkeypatch.setattr(tables.csv, "reader", reader)
    others = [f'{number},Row {number},"",open\n' for number in range(500)]
    broken, *entries = entries_of(path, 'id,title,description,status\nx,"One,,open\n' + "".join(others))
    assert (broken.line, broken.broken) == (2, "a quote is opened and never closed")
    assert [entry.line for entry in entries if entry.issue] == list(range(3, 503))
    assert len(read) < 520


BROKEN = {
    "the title is empty": b"1,,open,\n",
    "has 5 values, but there are 4 columns": b"1,One,open,,more\n",
    "created: 'yesterday' is not a time": b"1,One,open,yesterday\n",
    "created: '31/31/2026' is not a time": b"1,One,open,31/31/2026\n",
    "0001-01-01 00:00:00 is not a time that can be stored: the first year is 1970": b"1,One,open,0001-01-01\n",
    "9999-12-31 23:59:59 is not a time that can be stored: the first year is 1970": b"1,One,open,9999-12-31 23:59:59\n",
    "the id is empty": b",One,open,\n",
    "is not valid UTF-8": "1,Tür,open,\n".encode("latin-1"),
    "a quote is opened and never closed": b'1,"One,open,\n',
}


def test_of_several_columns_of_one_name_the_first_is_taken_and_all_tags(path: Path) -> None:
    rows = "One,Two,a,b\n,Two,a,\n"
    one, two = entries_of(path, "title,title,tags,tags\n" + rows)
    assert [entry.issue and (entry.issue.title, entry.issue.tags) for entry in (one, two)] == [
        ("One", ["a", "b"]),
        ("Two", ["a"]),
    ]
    assert (one.notes, two.notes) == (["has 2 values for the title: the first is taken"], [])


@pytest.mark.parametrize(("reason", "line"), BROKEN.items(), ids=list(BROKEN))
def test_a_row_that_cannot_be_imported_says_why(path: Path, reason: str, line: bytes) -> None:
    entries = entries_of(path, "id,title,status,created\n7,Straße,,\n8,Straße,,\n".encode() + line)
    assert [(entry.line, entry.broken) for entry in entries] == [(2, None), (3, None), (4, reason)]


PEOPLE_AND_TIMES = ("Reporter", "Assignee", "Created", "Updated", "Resolved")


def test_fields_are_read_as_they_are_meant(path: Path) -> None:
    issue = only(
        entries_of(
            path,
            table(
                [*("Issue key", "Summary", "Labels", "Labels", "Status", "Priority"), *PEOPLE_AND_TIMES],
                [
                    *("T-1", " Login  fails ", "ui, api", "slow", "Won't Do", "Blocker", "Ann Lee <ANN@example.com>"),
                    *("Raj", "2020-01-02T10:00:00+02:00", "02.03.2020 11:30", "2020-02-01"),
                ],
            ),
        )
    )
    assert (issue.external_id, issue.title, issue.tags) == ("csv:T-1", "Login fails", ["ui", "api", "slow"])
    assert (issue.status, issue.severity) == ("cancelled", "critical")
    assert (issue.reporter.full_name, issue.reporter.email) == ("Ann Lee", "ann@example.com")
    assert issue.assignee
    assert (issue.assignee.full_name, issue.assignee.email) == ("Raj", None)
    assert issue.created_at == datetime(2020, 1, 2, 8, tzinfo=UTC)
    assert issue.updated_at == datetime(2020, 3, 2, 11, 30, tzinfo=UTC)
    assert issue.closed_at == datetime(2020, 2, 1, tzinfo=UTC)


def test_values_are_mapped_and_unknown_ones_are_told(path: Path) -> None:
    text = table(["id", "title", "status", "severity", "assignee"], ["1", "A", "Fertig", "eilig", "Bob"])
    entries = entries_of(
        path,
        text,
        statuses={"fertig": "done"},
        severities={"Eilig": "high"},
        people={"bob": "Bob@example.com"},
        origin="helpdesk",
    )
    issue = only(entries)
    assert (issue.external_id, issue.status, issue.severity) == ("csv:helpdesk:1", "done", "high")
    assert issue.assignee
    assert issue.assignee.email == "bob@example.com"
    (unmapped,) = entries_of(path, text)
    assert unmapped.notes == [
        "the status 'Fertig' is unknown: imported as open",
        "the severity 'eilig' is unknown: imported as medium",
    ]


@pytest.mark.parametrize(("day_first", "month"), [(True, 2), (False, 1)])
def test_whether_the_day_comes_first_is_a_choice(path: Path, month: int, *, day_first: bool) -> None:
    issue = only(entries_of(path, "title,created\nA,01/02/2020 10:30\n", day_first=day_first))
    assert issue.created_at == datetime(2020, month, 3 - month, 10, 30, tzinfo=UTC)


def write(path: Path, content: str) -> None:
    path.write_text(content)


async def bring(settings: Settings, path: Path, content: str) -> tuple[Tally, Heard]:
    write(path, content)
    found, heard = table_of(path), Heard()
    entries = read_entries(found, suggested(found.header), NOW)
    _, tally = await import_file(settings, ImportSource.CSV, path, entries, heard.append)
    return tally, heard


@pytest.mark.parametrize("columns", [["id", "title", "status"], ["key?", "title", "status"]], ids=["id", "no id"])
async def test_the_same_file_twice_changes_nothing(
    settings: Settings, sessions: Sessions, path: Path, columns: list[str]
) -> None:
    text = table(columns, *([str(number), f"Issue {number}", "closed"] for number in range(1, 30)))
    assert (await bring(settings, path, text))[0].issues == {Outcome.NEW: 29}
    before = await content(sessions)
    assert (await bring(settings, path, text))[0].issues == {Outcome.UNCHANGED: 29}
    assert await content(sessions) == before
    changed = text.replace("Issue 7,", "Better 7,")
    if columns[0] == "id":
        assert (await bring(settings, path, changed))[0].issues == {Outcome.UNCHANGED: 28, Outcome.CHANGED: 1}


async def test_people_are_who_they_are_here_by_address_or_by_name(
    settings: Settings, path: Path, admin: Person, maintainer: Person
) -> None:
    text = table(
        ["id", "title", "reporter", "assignee"],
        ["1", "A", admin.email, "Mia Maintainer"],
        ["2", "B", "new@example.com", "Somebody Else"],
    )
    tally, _ = await bring(settings, path, text)
    assert tally.new_people == 2
    issue, other = [accepted(await admin.get(f"/issues/{number}")) for number in (1, 2)]
    assert (issue["reporter"]["id"], issue["assignee"]["id"]) == (admin.id, maintainer.id)
    assert (other["reporter"]["full_name"], other["assignee"]["full_name"]) == ("new@example.com", "Somebody Else")
    again, heard = await bring(settings, path, text.replace(",A,", ",Changed,"))
    assert (again.issues, heard) == ({Outcome.CHANGED: 1, Outcome.UNCHANGED: 1}, [])


async def test_twenty_five_thousand_broken_lines_are_told_one_by_one(
    settings: Settings, sessions: Sessions, path: Path
) -> None:
    kinds = [",,\n", "1,One,open,more\n", '"never closed,,\n', "2,Two,2020-99-99\n"]
    text = "id,title,created\n" + "".join(kinds[number % 4] for number in range(25_000))
    tally, heard = await bring(settings, path, text)
    assert tally.issues == {Outcome.BROKEN: 25_000}
    assert [int(message.split()[1].rstrip(":")) for message in heard] == list(range(2, 25_002))
    assert not any((await content(sessions)).values())


async def test_the_command_says_how_it_read_the_columns(
    runner: CliRunner,
    path: Path,
) -> None:
    write(path, "Betreff;Status\nTür klemmt;open\n")
    refused = await run(runner, path, command="csv")
    assert (refused.exit_code, "Which column is the title?" in refused.stderr) == (1, True)
    wrong = await run(runner, "--column", "title=Titel", path, command="csv")
    assert (wrong.exit_code, "no column 'Titel'" in wrong.stderr) == (1, True)
    for named in ("Titel", "titel=Betreff"):
        wrong = await run(runner, "--column", named, path, command="csv")
        assert (wrong.exit_code, f"'{named}' is not FIELD=COLUMN" in wrong.stderr) == (2, True)
    no_mapping = await run(runner, "--mapping", path, path, command="csv")
    assert (no_mapping.exit_code, f"{path} is no mapping" in no_mapping.stderr) == (1, True)
    done = await run(runner, "--column", "title=Betreff", path, command="csv")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        0,
        "1 issues: 1 new, 0 changed, 0 unchanged, 0 left alone, 0 broken",
    )
    assert "status = 'Status', title = 'Betreff'" in done.stderr
