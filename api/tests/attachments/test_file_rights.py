"""Who may attach, keep and delete files."""

import asyncio
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.attachments.files import lines
from tests.attachments.uploading import BOUNDARY, attached, contents_of, form, part, upload
from tests.conftest import Installed
from tests.people import Person, accepted, refused
from tracker.attachments.uploads import UPLOADS_AT_ONCE
from tracker.core.database import Sessions


async def test_whoever_sees_an_issue_attaches_files_to_it(
    reporter: Person, maintainer: Person, admin: Person, stranger: Person, client: AsyncClient, folder: Path
) -> None:
    issue = await reporter.open_issue()
    for person in (reporter, maintainer, admin):
        [file] = await attached(person, issue, ("a.txt", b"one"))
        assert file["uploaded_by"] == {"id": person.id, "full_name": person.name}
    hidden = refused(await upload(stranger, issue, ("a.txt", b"two")), 404)
    missing = refused(await upload(stranger, {"id": 999}, ("a.txt", b"two")), 404)
    assert hidden | {"request_id": ""} == missing | {"request_id": ""}
    refused(await client.post(f"/issues/{issue['id']}/attachments", files=[("files", ("a.txt", b"two"))]), 401)
    assert contents_of(folder) == [b"one"] * 3


async def test_a_body_for_an_issue_that_is_not_there_is_not_read(stranger: Person) -> None:
    async def unread():
        pytest.fail("read")
        yield b""

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    refused(await stranger.post("/issues/999/attachments", content=unread(), headers=headers), 404)


async def test_uploaders_delete_their_own_files_and_admins_all(
    reporter: Person, maintainer: Person, admin: Person, stranger: Person
) -> None:
    issue = await reporter.open_issue()
    theirs, mine = await attached(reporter, issue, ("a.txt", b"one"), ("b.txt", b"two"))
    [staffs] = await attached(maintainer, issue, ("c.txt", b"three"))
    address = f"/issues/{issue['id']}/attachments"
    refused(await maintainer.delete(f"{address}/{theirs['id']}"), 403)
    refused(await reporter.delete(f"{address}/{staffs['id']}"), 403)
    refused(await stranger.delete(f"{address}/{theirs['id']}"), 404)
    response = await reporter.delete(f"{address}/{mine['id']}")
    assert (response.status_code, response.content) == (204, b"")
    assert (await admin.delete(f"{address}/{theirs['id']}")).status_code == 204
    refused(await reporter.get(f"{address}/{mine['id']}"), 404)
    refused(await reporter.get(f"{address}/{mine['id']}/content"), 404)
    refused(await reporter.delete(f"{address}/{mine['id']}"), 404)
    assert accepted(await reporter.get(address)) == [staffs]
    assert accepted(await reporter.get(f"/issues/{issue['id']}"))["attachment_count"] == 1
    last = accepted(await reporter.get(f"/issues/{issue['id']}/history"))["items"][-2:]
    assert [(entry["type"], entry["old"], entry["new"], entry["actor"]["id"]) for entry in last] == [
        ("attachment.deleted", "b.txt", None, reporter.id),
        ("attachment.deleted", "a.txt", None, admin.id),
    ]
    assert response.headers["x-event-ids"] == str(last[0]["event_id"])


async def test_staff_decides_what_is_kept(reporter: Person, maintainer: Person, stranger: Person) -> None:
    issue = await reporter.open_issue()
    [file] = await attached(reporter, issue, ("a.txt", b"one"))
    address = f"/issues/{issue['id']}/attachments/{file['id']}"
    refused(await reporter.patch(address, json={"keep": True}), 403)
    refused(await stranger.patch(address, json={"keep": True}), 404)
    response = await maintainer.patch(address, json={"keep": True})
    assert accepted(response) == file | {"keep": True, "expires_at": None}
    [entry] = [
        entry
        for entry in accepted(await reporter.get(f"/issues/{issue['id']}/history"))["items"]
        if entry["type"] == "attachment.updated"
    ]
    assert (entry["field"], entry["old"], entry["new"]) == ("keep", False, True)
    assert entry["attachment"] == {"id": file["id"], "name": "a.txt"}
    assert response.headers["x-event-ids"] == str(entry["event_id"])
    unchanged = await maintainer.patch(address, json={"keep": True})
    assert (accepted(unchanged)["keep"], unchanged.headers["x-event-ids"]) == (True, "")
    assert accepted(await maintainer.patch(address, json={"keep": False})) == file


@pytest.mark.parametrize(
    "body", [{}, {"keep": "yes"}, {"keep": None}, {"keep": 1}, {"name": "b.txt"}, {"keep": True, "size": 1}]
)
async def test_nothing_else_of_a_file_can_be_changed(maintainer: Person, body: dict[str, object]) -> None:
    issue = await maintainer.open_issue()
    [file] = await attached(maintainer, issue, ("a.txt", b"one"))
    refused(await maintainer.patch(f"/issues/{issue['id']}/attachments/{file['id']}", json=body), 400)


@pytest.mark.parametrize("number", ["0", "-1", "01", "1.0", "x", "9223372036854775808", "%2e%2e"])
async def test_what_is_no_id_names_no_file(reporter: Person, number: str) -> None:
    issue = await reporter.open_issue()
    refused(await reporter.get(f"/issues/{issue['id']}/attachments/{number}"), 404)


async def test_a_quota_bounds_what_one_person_stores(
    reporter: Person, maintainer: Person, installed: Installed, folder: Path
) -> None:
    first, second = await reporter.open_issue(), await reporter.open_issue()
    replica = await installed(upload_quota_bytes=100_000)

    async def send(person: Person, issue: dict[str, int], size: int) -> int:
        files = [("files", ("a.txt", lines(size)))]
        address = f"/issues/{issue['id']}/attachments"
        response = await replica.post(address, files=files, headers={"Authorization": person.headers["Authorization"]})
        if response.status_code != 201:
            refused(response, 409)
        return response.status_code

    # At once, and to different issues: whatever the order, not both fit.
    racing = await asyncio.gather(send(reporter, first, 60_000), send(reporter, second, 60_000))
    assert sorted(racing) == [201, 409]
    assert await send(reporter, first, 40_000) == 201
    assert await send(reporter, second, 1) == 409
    assert await send(maintainer, first, 60_000) == 201
    assert sorted(map(len, contents_of(folder))) == [40_000, 60_000, 60_000]
    [mine, _] = [
        file
        for issue in (first, second)
        for file in accepted(await reporter.get(f"/issues/{issue['id']}/attachments"))
        if file["uploaded_by"]["id"] == reporter.id
    ]
    for issue in (first, second):
        await reporter.delete(f"/issues/{issue['id']}/attachments/{mine['id']}")
    assert await send(reporter, second, 30_000) == 201


async def test_one_person_uploads_only_so_often_at_once(reporter: Person, maintainer: Person, folder: Path) -> None:
    issue = await reporter.open_issue()
    go_on, arriving = asyncio.Event(), asyncio.Semaphore(0)
    body = form(part())

    async def slow():
        yield body[:20]
        arriving.release()
        await go_on.wait()
        yield body[20:]

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    address = f"/issues/{issue['id']}/attachments"
    waiting = [
        asyncio.create_task(reporter.post(address, content=slow(), headers=headers)) for _ in range(UPLOADS_AT_ONCE)
    ]
    async with asyncio.timeout(30):
        for _ in waiting:
            await arriving.acquire()
    one_too_many = await upload(reporter, issue, ("a.txt", b"one"))
    refused(one_too_many, 429)
    assert int(one_too_many.headers["retry-after"]) > 0
    accepted(await upload(maintainer, issue, ("a.txt", b"one")), 201)
    go_on.set()
    for response in await asyncio.gather(*waiting):
        accepted(response, 201)
    accepted(await upload(reporter, issue, ("a.txt", b"one")), 201)


async def test_a_full_disk_is_told_before_anything_is_received(
    reporter: Person, installed: Installed, folder: Path, sessions: Sessions
) -> None:
    issue = await reporter.open_issue()
    replica = await installed(upload_min_free_bytes=10**18)

    async def unread():
        pytest.fail("read")
        yield b""

    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Authorization": reporter.headers["Authorization"],
    }
    refused(await replica.post(f"/issues/{issue['id']}/attachments", content=unread(), headers=headers), 507)
    assert contents_of(folder) == []


async def test_a_body_that_stops_coming_is_given_up(
    reporter: Person, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.attachments.forms._PIECE_SECONDS", 0.1)
    issue = await reporter.open_issue()

    async def stalled():
        yield form(part(lines(200_000)))[:150_000]
        await asyncio.sleep(60)
        yield b""

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    refused(await reporter.post(f"/issues/{issue['id']}/attachments", content=stalled(), headers=headers), 408)
    assert contents_of(folder) == []
