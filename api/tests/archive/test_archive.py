"""Everything in one file, and out of it again."""

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from httpx import AsyncClient
from jsonschema import Draft202012Validator

from tests.backup.conftest import Run, content_of, files_in
from tests.imports.exports import imported, random_export, write_export
from tests.people import PASSWORD, Person, accepted, sign_in, transport_to
from tracker.app import create_app
from tracker.core.database import Sessions
from tracker.demo.commands import fill
from tracker.settings import Settings

Issues = list[dict[str, Any]]
Members = dict[str, bytes]

TABLES = ("users", "issues", "comments", "imported_issues")


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
            for text in texts:
                validator.validate(json.loads(text))


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
    "later version": (changed(tell(format=2)), "has format 2, and this version reads 1 only"),
    "tampered": (changed(retitle), "issues.ndjson is not what it was"),
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
