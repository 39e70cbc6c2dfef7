"""Attaching files."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.attachments.files import GIF, REAL, lines, pdf, png
from tests.attachments.uploading import BOUNDARY, attached, contents_of, download, form, part, send, upload
from tests.people import Person, accepted, refused
from tracker.settings import Settings


@pytest.mark.parametrize(("name", "content", "declared", "served"), REAL)
async def test_every_kind_is_taken_and_given_back_byte_for_byte(
    reporter: Person, folder: Path, name: str, content: bytes, declared: str, served: str
) -> None:
    issue = await reporter.open_issue()
    [file] = await attached(reporter, issue, (name, content, declared))
    assert (file["name"], file["content_type"], file["size"]) == (name, served, len(content))
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    response = await download(reporter, issue, file)
    assert response.content == content
    assert response.headers["content-type"].split(";")[0] == served
    assert contents_of(folder) == [content]


async def test_a_file_has_what_the_contract_names(reporter: Person, settings: Settings) -> None:
    issue = await reporter.open_issue()
    [file] = await attached(reporter, issue, ("notes.txt", b"hello"))
    created_at = datetime.fromisoformat(file.pop("created_at"))
    expires_at = datetime.fromisoformat(file.pop("expires_at"))
    assert expires_at - created_at == timedelta(days=settings.upload_retention_days)
    assert file == {
        "id": file["id"],
        "name": "notes.txt",
        "content_type": "text/plain",
        "size": 5,
        "sha256": hashlib.sha256(b"hello").hexdigest(),
        "scan_status": "not_scanned",
        "keep": False,
        "uploaded_by": {"id": reporter.id, "full_name": reporter.name},
        "removed_at": None,
    }


async def test_several_files_come_in_their_order_with_an_event_each(reporter: Person) -> None:
    issue = await reporter.open_issue()
    response = await upload(reporter, issue, ("b.png", png()), ("a.txt", b"one"), ("a.txt", b"two"))
    files = accepted(response, 201)
    assert [file["name"] for file in files] == ["b.png", "a.txt", "a.txt"]
    assert response.headers["location"] == f"/issues/{issue['id']}/attachments"
    address = f"/issues/{issue['id']}"
    assert accepted(await reporter.get(f"{address}/attachments")) == files
    assert accepted(await reporter.get(f"{address}/attachments/{files[1]['id']}")) == files[1]
    entries = [entry for entry in accepted(await reporter.get(f"{address}/history"))["items"] if entry["attachment"]]
    assert [(entry["type"], entry["field"], entry["old"], entry["new"]) for entry in entries] == [
        ("attachment.created", "name", None, file["name"]) for file in files
    ]
    assert [entry["attachment"] for entry in entries] == [{"id": file["id"], "name": file["name"]} for file in files]
    assert response.headers["x-event-ids"] == ",".join(str(entry["event_id"]) for entry in entries)
    now = accepted(await reporter.get(address))
    assert (now["attachment_count"], now["version"]) == (3, issue["version"])
    assert now["updated_at"] > issue["updated_at"]


async def test_the_event_log_tells_which_file_it_was(reporter: Person) -> None:
    issue = await reporter.open_issue()
    cursor = accepted(await reporter.get("/events"))["cursor"]
    [file] = await attached(reporter, issue, ("a.txt", b"one"))
    [event] = accepted(await reporter.get("/events", params={"after": cursor}))["events"]
    assert event["changes"] == {"attachment_id": [None, file["id"]], "name": [None, "a.txt"]}
    assert event["issue"]["attachment_count"] == 1


@pytest.mark.parametrize("bad", [("b.png", b"no picture", 415), ("c.exe", b"MZ", 415), ("d.txt", b"", 400)])
async def test_one_bad_file_refuses_all(reporter: Person, folder: Path, bad: tuple[str, bytes, int]) -> None:
    issue = await reporter.open_issue()
    name, content, status = bad
    problem = refused(await upload(reporter, issue, ("a.txt", b"one"), (name, content), ("e.gif", GIF)), status)
    assert problem["errors"][0]["field"] == "files[1]"
    assert name in problem["errors"][0]["message"]
    assert accepted(await reporter.get(f"/issues/{issue['id']}/attachments")) == []
    assert accepted(await reporter.get(f"/issues/{issue['id']}"))["attachment_count"] == 0
    assert contents_of(folder) == []


async def test_the_same_key_attaches_the_same_files_once(reporter: Person, folder: Path) -> None:
    issue = await reporter.open_issue()
    files = [("a.txt", b"one"), ("r.pdf", pdf())]
    first = await upload(reporter, issue, *files, key="k1")
    # A client that tries again chooses another boundary.
    again = await upload(reporter, issue, *files, key="k1")
    assert accepted(again, 201) == accepted(first, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["x-event-ids"] == first.headers["x-event-ids"]
    refused(await upload(reporter, issue, ("a.txt", b"other"), ("r.pdf", pdf()), key="k1"), 409)
    refused(await upload(reporter, issue, ("b.txt", b"one"), ("r.pdf", pdf()), key="k1"), 409)
    assert accepted(await reporter.get(f"/issues/{issue['id']}"))["attachment_count"] == 2
    assert len(contents_of(folder)) == 2


async def test_the_first_answer_comes_again_when_there_is_no_more_room_or_issue(
    reporter: Person, admin: Person, folder: Path
) -> None:
    issue = await reporter.open_issue()
    await attached(reporter, issue, *[(f"{number}.txt", b"x") for number in range(19)])
    first = await upload(reporter, issue, ("last.txt", b"y"), key="k3")
    again = await upload(reporter, issue, ("last.txt", b"y"), key="k3")
    assert accepted(again, 201) == accepted(first, 201)
    await admin.delete(f"/issues/{issue['id']}")
    assert accepted(await upload(reporter, issue, ("last.txt", b"y"), key="k3"), 201) == first.json()
    refused(await upload(reporter, issue, ("other.txt", b"y"), key="k3"), 409)
    refused(await upload(reporter, issue, ("other.txt", b"y"), key="k4"), 404)
    assert len(contents_of(folder)) == 20


async def test_the_same_key_sent_twice_at_once_attaches_once(reporter: Person, folder: Path) -> None:
    issue = await reporter.open_issue()
    answers = await asyncio.gather(*(upload(reporter, issue, ("a.txt", b"one"), key="k2") for _ in range(3)))
    assert {accepted(answer, 201)[0]["id"] for answer in answers} == {answers[0].json()[0]["id"]}
    assert contents_of(folder) == [b"one"]


async def test_an_issue_takes_twenty_files_however_many_race(
    reporter: Person, maintainer: Person, admin: Person, folder: Path
) -> None:
    issue = await reporter.open_issue()
    await attached(reporter, issue, *[(f"{number}.txt", b"x") for number in range(18)])
    racers = [reporter, maintainer, admin, reporter, maintainer, admin]
    answers = await asyncio.gather(*(upload(person, issue, ("more.txt", b"y")) for person in racers))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409, 409]
    assert accepted(await reporter.get(f"/issues/{issue['id']}"))["attachment_count"] == 20
    assert len(contents_of(folder)) == 20
    refused(await upload(reporter, issue, ("more.txt", b"y")), 409)


async def test_twenty_one_files_at_once_are_too_many(reporter: Person, folder: Path) -> None:
    issue = await reporter.open_issue()
    refused(await upload(reporter, issue, *[(f"{number}.txt", b"x") for number in range(21)]), 409)
    assert contents_of(folder) == []


async def test_a_file_of_exactly_the_limit_is_taken(reporter: Person, settings: Settings) -> None:
    issue = await reporter.open_issue()
    [file] = await attached(reporter, issue, ("long.log", lines(settings.upload_max_bytes)))
    assert file["size"] == 10 * 1024 * 1024


@pytest.mark.parametrize("chunked", [False, True])
async def test_one_byte_more_is_not(reporter: Person, settings: Settings, folder: Path, *, chunked: bool) -> None:
    issue = await reporter.open_issue()
    body = form(part(b"fits"), part(lines(settings.upload_max_bytes + 1)))

    async def chunks():
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    problem = refused(await send(reporter, issue, chunks() if chunked else body), 413)
    assert "a.txt" in problem["detail"]
    assert contents_of(folder) == []


async def test_a_body_that_announces_too_much_is_not_even_read(reporter: Person, folder: Path) -> None:
    issue = await reporter.open_issue()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(10**9)}

    async def unread():
        pytest.fail("read")
        yield b""

    response = await reporter.post(f"/issues/{issue['id']}/attachments", content=unread(), headers=headers)
    refused(response, 413)
    assert contents_of(folder) == []


async def test_other_bodies_keep_their_limit(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    [file] = await attached(maintainer, issue, ("a.txt", b"one"))
    body = b'{"keep": true}' + b" " * (9 * 1024 * 1024)
    headers = {"Content-Type": "application/json"}
    address = f"/issues/{issue['id']}/attachments/{file['id']}"
    refused(await maintainer.patch(address, content=body, headers=headers), 413)
