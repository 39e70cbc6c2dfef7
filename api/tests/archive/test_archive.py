"""Everything in one file, and out of it again."""

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from httpx import AsyncClient
from jsonschema import Draft202012Validator
from sqlalchemy import text

from tests.backup.conftest import Run, content_of, files_in
from tests.imports.exports import imported, jira_comment, jira_issue, random_export, write_export
from tests.people import PASSWORD, Person, accepted, sign_in, transport_to
from tracker.app import create_app
from tracker.archive.container import content_hash
from tracker.archive.schema import Member
from tracker.core.database import Sessions
from tracker.demo.commands import fill
from tracker.models import ImportBatch, ImportSource
from tracker.settings import Settings

Issues = list[dict[str, Any]]
Members = dict[str, bytes]

LATER = "2020-02-01T10:00:00.000+0000"
TABLES = (
    "users",
    "issues",
    "comments",
    "imported_issues",
    "import_batches",
    "import_notes",
    "import_changes",
    "import_people",
)


async def exported(run: Run, settings: Settings, path: Path, *options: str) -> str:
    """The content hash of an archive."""
    result = await run(settings, "archive", "export", path, *options)
    assert result.exit_code == 0, result.output
    return hash_in(result.stdout)


def hash_in(output: str) -> str:
    found = re.search(r"^content ([0-9a-f]{64})$", output, re.MULTILINE)
    assert found, output
    return found[1]


async def test_what_came_from_jira_and_what_was_done_here_is_all_there_elsewhere(
    run: Run, settings: Settings, sessions: Sessions, empty: Settings, issues: Issues, reporter: Person, tmp_path: Path
) -> None:
    await imported(settings, write_export(tmp_path / "jira.ndjson", random_export(Random(3), 40)))
    content = await exported(run, settings, tmp_path / "one.zip", "--with-passwords")
    result = await run(empty, "archive", "import", tmp_path / "one.zip")
    assert result.exit_code == 0, result.output
    assert hash_in(result.stdout) == content
    assert await exported(run, empty, tmp_path / "two.zip", "--with-passwords") == content

    here, there = await content_of(settings), await content_of(empty)
    assert {name: there[name] for name in TABLES} == {name: here[name] for name in TABLES}
    app = create_app(empty)
    async with app.lifespan(), AsyncClient(transport=transport_to(app), base_url="http://test") as client:
        token = (await sign_in(client, reporter.email, PASSWORD))["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        address = f"/issues/{issues[0]['id']}"
        notes, shot = accepted(await client.get(f"{address}/attachments"))
        for attachment in (notes, shot):
            file = await client.get(f"{address}/attachments/{attachment['id']}/content")
            assert file.content == (await reporter.get(f"{address}/attachments/{attachment['id']}/content")).content
        assert accepted(await client.get(address)) == accepted(await reporter.get(address))
        assert accepted(await client.get(f"{address}/history")) == accepted(await reporter.get(f"{address}/history"))
        found = accepted(await client.get("/issues/", params={"q": "backslash shot.png"}))["items"]
        assert [each["id"] for each in found] == [issues[0]["id"]]
        newest = max(each["id"] for each in accepted(await client.get("/issues/"))["items"])
        assert accepted(await client.post("/issues/", json={"title": "After"}), 201)["id"] > newest


async def test_imports_are_undone_elsewhere_as_they_would_be_here(
    run: Run, settings: Settings, sessions: Sessions, empty: Settings, issues: Issues, admin: Person, tmp_path: Path
) -> None:
    before = await content_of(settings)
    path = tmp_path / "jira.ndjson"
    await imported(settings, write_export(path, [*random_export(Random(3), 40), "{ broken"]))
    again = [jira_issue("KNOWN-1"), jira_issue("KNOWN-2", comments=[jira_comment(1)])]
    await imported(settings, write_export(path, again))
    again[1] = jira_issue(
        "KNOWN-2", summary="Changed", updated=LATER, comments=[jira_comment(1, "Edited.", updated=LATER)]
    )
    await imported(settings, write_export(path, again))
    content = await exported(run, settings, tmp_path / "one.zip", "--with-passwords")
    assert (await run(empty, "archive", "import", tmp_path / "one.zip")).exit_code == 0
    assert await exported(run, empty, tmp_path / "two.zip", "--with-passwords") == content
    here, there = await content_of(settings), await content_of(empty)
    assert {name: there[name] for name in TABLES} == {name: here[name] for name in TABLES}
    for batch_id in (3, 2, 1):
        for where in (settings, empty):
            undone = await run(where, "import", "undo", str(batch_id))
            assert undone.exit_code == 0, undone.output
        here, there = await content_of(settings), await content_of(empty)
        undated = [name for name in TABLES if name != "import_batches"]
        assert {name: there[name] for name in undated} == {name: here[name] for name in undated}
    assert {name: there[name] for name in ("users", "issues", "comments")} == {
        name: before[name] for name in ("users", "issues", "comments")
    }
    assert (await admin.get("/imports/")).json()["items"][0]["state"] == "undone"


async def test_an_import_that_is_under_way_can_be_undone_elsewhere_and_a_planned_one_stays(
    run: Run, settings: Settings, sessions: Sessions, empty: Settings, tmp_path: Path
) -> None:
    await imported(settings, write_export(tmp_path / "jira.ndjson", random_export(Random(3), 5)))
    async with sessions.begin() as session:
        await session.execute(text("UPDATE import_batches SET state = 'running', finished_at = NULL"))
        session.add(ImportBatch(source=ImportSource.CSV, file_name="a.csv", size=1, sha256="", storage_key="imports/1"))
    content = await exported(run, settings, tmp_path / "one.zip")
    assert (await run(empty, "archive", "import", tmp_path / "one.zip")).exit_code == 0
    assert await exported(run, empty, tmp_path / "two.zip") == content
    listed = (await run(empty, "import", "list")).stdout
    assert "failed" in listed
    assert "a.csv" not in listed
    assert (await run(empty, "import", "undo", "1")).exit_code == 0


async def test_an_archive_of_before_imports_were_in_it_is_read(
    run: Run, settings: Settings, sessions: Sessions, empty: Settings, tmp_path: Path
) -> None:
    await imported(settings, write_export(tmp_path / "jira.ndjson", random_export(Random(3), 10)))
    await exported(run, settings, tmp_path / "archive.zip")
    changed(make_first_format)(tmp_path / "archive.zip")
    result = await run(empty, "archive", "import", tmp_path / "archive.zip")
    assert result.exit_code == 0, result.output
    here, there = await content_of(settings), await content_of(empty)
    assert {name: there[name] for name in TABLES[1:4]} == {name: here[name] for name in TABLES[1:4]}
    assert there["import_batches"] != here["import_batches"]


def make_first_format(members: Members) -> None:
    manifest = json.loads(members["manifest.json"])
    for name in [name for name in members if name.startswith("import_")]:
        del members[name], manifest["members"][name]
    lines = [f"{each['sha256']}  {name}\n" for name, each in sorted(manifest["members"].items())]
    manifest |= {"format": 1, "content": hashlib.sha256("".join(lines).encode()).hexdigest()}
    members["manifest.json"] = json.dumps(manifest).encode()


async def test_demo_data_has_the_same_hash_elsewhere_and_no_passwords_unless_asked_for(
    run: Run, settings: Settings, sessions: Sessions, empty: Settings, folder: Path, tmp_path: Path
) -> None:
    assert await fill(settings)
    content = await exported(run, settings, tmp_path / "one.zip")
    assert b"argon2" not in zipfile.ZipFile(tmp_path / "one.zip").read("people.ndjson")
    assert await exported(run, settings, tmp_path / "again.zip") == content
    result = await run(empty, "archive", "import", tmp_path / "one.zip")
    assert result.exit_code == 0, result.output
    assert "tracker users create" in result.stdout
    assert await exported(run, empty, tmp_path / "two.zip") == content
    assert (await content_of(empty))["daily_stats"] == (await content_of(settings))["daily_stats"]


async def test_every_line_is_as_the_schema_says(run: Run, settings: Settings, issues: Issues, tmp_path: Path) -> None:
    await exported(run, settings, tmp_path / "archive.zip")
    schema = json.loads((await run(settings, "archive", "schema")).stdout)
    Draft202012Validator.check_schema(schema)
    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        for member, where in schema["properties"].items():
            texts = archive.read(member).splitlines() if member.endswith(".ndjson") else [archive.read(member)]
            validator: Any = Draft202012Validator({"$defs": schema["$defs"], **where})
            for line in texts:
                validator.validate(json.loads(line))


async def test_files_that_are_lost_are_named_and_change_nothing_else(
    run: Run, settings: Settings, empty: Settings, issues: Issues, folder: Path, tmp_path: Path
) -> None:
    files_in(folder)[0].unlink()
    result = await run(settings, "archive", "export", tmp_path / "one.zip")
    assert result.exit_code == 3
    assert "files/" in result.stderr
    content = hash_in(result.stdout)
    assert (await run(empty, "archive", "import", tmp_path / "one.zip")).exit_code == 0
    again = await run(empty, "archive", "export", tmp_path / "two.zip")
    assert (again.exit_code, hash_in(again.stdout)) == (3, content)


def changed(change: Callable[[Members], Any]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return apply


def tell(**fields: Any) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | fields).encode()

    return change


def retitle(members: Members) -> None:
    members["issues.ndjson"] = members["issues.ndjson"].replace(b"Issue 0", b"Issue X")


def lose_a_file(members: Members) -> None:
    del members[next(name for name in members if name.startswith("files/"))]


def write_no_archive(path: Path) -> None:
    path.write_text("no archive")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (cut_off, "no archive, or only a part of one"),
    "a bit": (flip_a_bit, "is not what it was"),
    "not a zip": (write_no_archive, "no archive, or only a part of one"),
    "another zip": (changed(lambda members: members.pop("manifest.json")), "no archive of a tracker"),
    "later version": (changed(tell(format=3)), "has format 3, and this version reads 1 to 2"),
    "tampered": (changed(retitle), "issues.ndjson is not what it was"),
    "another version": (changed(tell(format=1)), "import_batches.ndjson does not belong there"),
    "other hash": (changed(tell(content="0" * 64)), "manifest.json is not what it was"),
    "lost member": (changed(lambda members: members.pop("events.ndjson")), "events.ndjson is missing"),
    "lost file": (changed(lose_a_file), "files in it instead of"),
    "more": (changed(lambda members: members.update(more=b"")), "more does not belong there"),
}


async def test_a_broken_or_tampered_archive_is_refused_and_nothing_is_written(
    run: Run, settings: Settings, empty: Settings, issues: Issues, tmp_path: Path
) -> None:
    whole, path = tmp_path / "whole.zip", tmp_path / "broken.zip"
    await exported(run, settings, whole)
    before = await content_of(empty)
    for name, (damage, reason) in BROKEN.items():
        shutil.copy(whole, path)
        damage(path)
        for command in ("hash", "import"):
            result = await run(empty, "archive", command, path)
            assert result.exit_code == 1, name
            assert reason in result.stderr, name
            assert "Traceback" not in result.output, name
    assert await content_of(empty) == before


def forged(change: Callable[[Members], None]) -> Callable[[Members], None]:
    """A change with hashes that fit, as by somebody who has read how they are made."""

    def apply(members: Members) -> None:
        change(members)
        manifest = json.loads(members["manifest.json"])
        told = {
            name: Member(members[name].count(b"\n"), hashlib.sha256(members[name]).hexdigest())
            for name in manifest["members"]
        }
        as_json = {name: {"lines": member.lines, "sha256": member.sha256} for name, member in told.items()}
        tell(members=as_json, content=content_hash(told))(members)

    return apply


def give_the_first_issue(**fields: Any) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        first, *others = members["issues.ndjson"].splitlines(keepends=True)
        members["issues.ndjson"] = b"".join([json.dumps(json.loads(first) | fields).encode() + b"\n", *others])

    return change


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"reporter_id": 999_999}, "issues.ndjson, lines 1 to "),
        ({"id": 10**30}, "issues.ndjson, lines 1 to "),
        ({"title": "a\0b"}, "issues.ndjson, lines 1 to "),
        ({"created_at": "2026-01-01T00:00:00"}, "issues.ndjson, line 1: "),
        ({"duplicate_of_id": 999_999}, "issues.ndjson, duplicate_of_id: "),
    ],
    ids=["nobody", "huge", "nul", "no zone", "no original"],
)
async def test_an_archive_that_makes_no_sense_is_refused_by_the_lines_that_do_not(
    run: Run, settings: Settings, empty: Settings, issues: Issues, tmp_path: Path, fields: dict[str, Any], part: str
) -> None:
    whole, path = tmp_path / "whole.zip", tmp_path / "forged.zip"
    await exported(run, settings, whole)
    shutil.copy(whole, path)
    changed(forged(give_the_first_issue(**fields)))(path)
    result = await run(empty, "archive", "import", path)
    assert result.exit_code == 1
    assert part in result.stderr
    assert "SQL" not in result.stderr
    assert (await run(empty, "archive", "import", whole)).exit_code == 0


async def test_more_tags_than_an_index_takes_are_named_and_nothing_is_written(
    run: Run, settings: Settings, empty: Settings, issues: Issues, sessions: Sessions, tmp_path: Path
) -> None:
    """Versions before took them."""
    path, issue_id = tmp_path / "archive.zip", issues[0]["id"]
    async with sessions.begin() as session:
        tags = "SELECT array_agg(n || repeat('x', 98)) FROM generate_series(10, 31) AS n"
        await session.execute(text(f"UPDATE issues SET tags = ({tags}) WHERE id = {issue_id}"))
    await exported(run, settings, path)
    before = await content_of(empty)
    result = await run(empty, "archive", "import", path)
    assert result.exit_code == 1
    assert f"issues.ndjson: issue {issue_id} has more than 2,000 bytes of tags" in result.stderr
    assert await content_of(empty) == before


async def test_nothing_is_written_over_data_or_into_a_database_of_another_version(
    run: Run, settings: Settings, elsewhere: Settings, issues: Issues, tmp_path: Path
) -> None:
    path = tmp_path / "archive.zip"
    await exported(run, settings, path)
    assert "is there already" in (await run(settings, "archive", "export", path)).stderr
    before = await content_of(settings)
    result = await run(settings, "archive", "import", path)
    assert (result.exit_code, "The installation is not empty" in result.stderr) == (1, True)
    assert await content_of(settings) == before
    assert "tracker migrate" in (await run(elsewhere, "archive", "import", path)).stderr
    assert oct(path.stat().st_mode & 0o777) == "0o600"
