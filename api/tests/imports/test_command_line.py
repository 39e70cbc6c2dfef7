"""`tracker import jira` as it is typed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.imports.conftest import run
from tests.imports.exports import Json, jira_comment, jira_issue, write_export
from tests.people import Person, accepted


@pytest.fixture
def lines() -> list[Json | str | bytes]:
    return [jira_issue("T-1", comments=[jira_comment(7), jira_comment(8, None)]), jira_issue("T-2")]


async def test_it_tells_what_it_did(runner: CliRunner, tmp_path: Path, lines: list[Json | str | bytes]) -> None:
    result = await run(runner, write_export(tmp_path / "export.ndjson.gz", lines))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "2 issues: 2 new, 0 changed, 0 unchanged, 0 left alone, 0 broken",
        "1 comments new, 0 changed",
        "2 people new, 0 issues marked as duplicates",
        "To take it back: tracker import undo 1",
    ]
    # No progress bar where no terminal is.
    assert result.stderr == "line 1: comment 8 has no text: not imported\n"


async def test_broken_lines_make_the_exit_status_one(
    runner: CliRunner, tmp_path: Path, lines: list[Json | str | bytes]
) -> None:
    result = await run(runner, write_export(tmp_path / "export.ndjson", ["{", *lines]))
    assert result.exit_code == 1
    assert "2 new, 0 changed, 0 unchanged, 0 left alone, 1 broken" in result.stdout
    assert "line 1: not imported: " in result.stderr


async def test_a_dry_run_says_so(runner: CliRunner, tmp_path: Path, lines: list[Json | str | bytes]) -> None:
    path = write_export(tmp_path / "export.ndjson", lines)
    for _ in range(2):
        result = await run(runner, "--dry-run", path)
        assert result.exit_code == 0
        assert result.stdout.splitlines()[:2] == [
            "Dry run: nothing was written.",
            "2 issues: 2 new, 0 changed, 0 unchanged, 0 left alone, 0 broken",
        ]


async def test_a_file_that_is_not_there_is_a_usage_error(runner: CliRunner, tmp_path: Path) -> None:
    assert (await run(runner, tmp_path / "missing.ndjson")).exit_code == 2


async def test_an_import_is_undone_by_its_number_and_only_once(
    runner: CliRunner, tmp_path: Path, lines: list[Json | str | bytes]
) -> None:
    await run(runner, write_export(tmp_path / "export.ndjson", lines))
    assert (await run(runner, command="list")).stdout.split()[-3:] == ["done", "2", "export.ndjson"]
    assert (await run(runner, "1", command="undo")).stdout == "Import 1 is undone.\n"
    again = await run(runner, "1", command="undo")
    assert (again.exit_code, "Import 1 is undone: only" in again.stderr) == (1, True)
    assert (await run(runner, "9", command="undo")).exit_code == 1


async def test_an_undo_that_would_cost_work_names_the_issues(
    runner: CliRunner, tmp_path: Path, lines: list[Json | str | bytes], admin: Person
) -> None:
    await run(runner, write_export(tmp_path / "export.ndjson", lines))
    await admin.comment(2)
    refusal = await run(runner, "1", command="undo")
    assert (refusal.exit_code, "1 issue was changed since" in refusal.stderr, "#2" in refusal.stderr) == (1, True, True)
    assert accepted(await admin.get("/issues/"))["total"] == 2
    assert (await run(runner, "--force", "1", command="undo")).exit_code == 0
    assert accepted(await admin.get("/issues/"))["total"] == 0
