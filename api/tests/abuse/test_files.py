"""Files and forms of every hostile kind, through the door."""

import io
import zipfile
import zlib
from typing import Any

import pytest
from httpx import AsyncClient

from tests.abuse.installation import CANARY
from tests.attachments.files import png
from tests.attachments.test_hostile_files import MALFORMED, NAMES, PRETENDERS
from tests.attachments.uploading import form, part, send, upload
from tests.people import Person, accepted, refused

MEGA = 1_000_000


def bomb(size: int = 200 * MEGA) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("bomb.txt", b"0" * size)
    return packed.getvalue()


def crooked_archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("../../../../etc/cron.d/evil", "/etc/passwd", "C:\\evil.exe", f"{CANARY}\0.txt", "a" * 60_000):
            archive.writestr(name, CANARY)
    return packed.getvalue()


async def test_nothing_that_pretends_is_taken(reporter: Person) -> None:
    issue = await reporter.open_issue()
    for kind, file in PRETENDERS.items():
        answer = await upload(reporter, issue, file)
        assert answer.status_code == 415, kind
        refused(answer, 415)
    for kind, (body, content_type, status) in MALFORMED.items():
        answer = await send(reporter, issue, body, content_type)
        assert answer.status_code == status, kind
        refused(answer, status)
    assert accepted(await reporter.get(f"/issues/{issue['id']}/attachments")) == []


async def test_names_lead_nowhere(reporter: Person) -> None:
    for name, shown in NAMES.items():
        issue = await reporter.open_issue()
        body = form(part(disposition=f'form-data; name="files"; filename="{name}"'.encode()))
        [file] = accepted(await send(reporter, issue, body), 201)
        assert file["name"] == shown
        content = await reporter.get(f"/issues/{issue['id']}/attachments/{file['id']}/content")
        assert content.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
        assert content.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert content.headers["cache-control"] == "private, no-store"
        assert content.headers.get_list("x-content-type-options") == ["nosniff"]


async def test_a_bomb_is_kept_as_it_is_and_never_goes_off(reporter: Person) -> None:
    issue = await reporter.open_issue()
    for name, content in (("bomb.zip", bomb()), ("paths.zip", crooked_archive())):
        answer = await upload(reporter, issue, (name, content, "application/zip"))
        if answer.status_code == 201:
            address = f"/issues/{issue['id']}/attachments/{answer.json()[0]['id']}/content"
            assert (await reporter.get(address)).content == content
        else:
            refused(answer, 415)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "identity, gzip"])
async def test_no_body_is_unpacked(reporter: Person, encoding: str) -> None:
    packed = zlib.compress(b'{"title": "' + b"x" * 50 * MEGA + b'"}', 9)
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = await reporter.post("/issues/", content=packed, headers=headers)
    assert answer.status_code in {400, 415}
    refused(answer, answer.status_code)


async def test_ranges_are_bounded(reporter: Person) -> None:
    issue = await reporter.open_issue()
    picture = png(64, text=CANARY.encode())
    [file] = accepted(await upload(reporter, issue, ("a.png", picture, "image/png")), 201)
    address = f"/issues/{issue['id']}/attachments/{file['id']}/content"
    ranges = [
        "bytes=0-0,0-0,0-0",
        "bytes=" + ",".join(["0-"] * 200),
        "bytes=-0",
        "bytes=-99999999999999999999",
        "bytes=99999999999999999999-",
        "bytes=5-1",
        "bytes=a-b",
        "seconds=1-2",
        "bytes=0-" + "9" * 500,
    ]
    for asked in ranges:
        answer = await reporter.get(address, headers={"Range": asked})
        assert answer.status_code in {200, 206, 400, 416}, asked
        assert len(answer.content) <= len(picture) + 1000, asked


async def test_nobody_else_gets_a_file(client: AsyncClient, reporter: Person, stranger: Person) -> None:
    issue = await reporter.open_issue()
    text = f"{CANARY}\n".encode()
    [file] = accepted(await upload(reporter, issue, (f"{CANARY}.txt", text, "text/plain")), 201)
    own = await stranger.open_issue()
    for address in (
        f"/issues/{issue['id']}/attachments/{file['id']}/content",
        f"/issues/{own['id']}/attachments/{file['id']}/content",
        f"/issues/{own['id']}/attachments/{file['id']}",
    ):
        refused(await stranger.get(address), 404)
        refused(await client.get(address), 401)
        refused(await client.get(address, params={"token": reporter.token, "access_token": reporter.token}), 401)
    refused(await upload(stranger, issue, ("a.txt", text, "text/plain")), 404)
    changed: dict[str, Any] = {"keep": True}
    refused(await stranger.patch(f"/issues/{own['id']}/attachments/{file['id']}", json=changed), 404)
