"""Getting files back: whole, in parts, only if changed, and never as anything that a browser would open."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from tests.attachments.files import lines
from tests.attachments.uploading import attached, download
from tests.people import Person, accepted, refused
from tracker.attachments.downloads import part_of
from tracker.core.errors import RangeNotSatisfiable

CONTENT = lines(300_000)


@pytest.fixture
async def issue(reporter: Person, folder: Path) -> dict[str, Any]:
    return await reporter.open_issue()


@pytest.fixture
async def file(reporter: Person, issue: dict[str, Any]) -> dict[str, Any]:
    [file] = await attached(reporter, issue, ("größe.log", CONTENT))
    return file


async def test_a_download_is_only_ever_saved(reporter: Person, issue: dict[str, Any], file: dict[str, Any]) -> None:
    response = await download(reporter, issue, file)
    assert response.status_code == 200
    assert response.content == CONTENT
    headers = dict(response.headers)
    headers.pop("x-request-id")
    assert headers == {
        "accept-ranges": "bytes",
        "cache-control": "private, no-store",
        "content-disposition": "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe.log",
        "content-length": "300000",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-type": "text/plain; charset=utf-8",
        "etag": f'"{file["sha256"]}"',
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 300_000),
        ("bytes=100-199", 100, 200),
        ("bytes=131071-262145", 131_071, 262_146),
        ("bytes=299999-400000", 299_999, 300_000),
        ("bytes=-5", 299_995, 300_000),
        ("bytes=-999999", 0, 300_000),
        ("BYTES = 7 - 8", 7, 9),
    ],
)
async def test_a_range_is_answered_with_that_part(
    reporter: Person, issue: dict[str, Any], file: dict[str, Any], asked: str, start: int, stop: int
) -> None:
    response = await download(reporter, issue, file, Range=asked)
    assert response.status_code == 206
    assert response.content == CONTENT[start:stop]
    assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/300000"
    assert response.headers["content-length"] == str(stop - start)
    assert response.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("asked", ["bytes=300000-", "bytes=999999-1000000", "bytes=-0", "bytes=" + "9" * 40 + "-"])
async def test_a_range_behind_the_end_is_told_where_that_is(
    reporter: Person, issue: dict[str, Any], file: dict[str, Any], asked: str
) -> None:
    response = await download(reporter, issue, file, Range=asked)
    refused(response, 416)
    assert response.headers["content-range"] == "bytes */300000"


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=a-b", "bytes=", "bytes=-", "lines=1-2", "bytes=0-1,5-6", "bytes=٣-٤"]
)
async def test_what_is_no_single_range_gets_the_whole(
    reporter: Person, issue: dict[str, Any], file: dict[str, Any], asked: str
) -> None:
    response = await reporter.get(
        f"/issues/{issue['id']}/attachments/{file['id']}/content", headers={b"Range": asked.encode()}
    )
    assert response.status_code == 200
    assert response.content == CONTENT


async def test_the_copy_at_hand_is_not_sent_again(
    reporter: Person, issue: dict[str, Any], file: dict[str, Any]
) -> None:
    etag = f'"{file["sha256"]}"'
    for said in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = await download(reporter, issue, file, If_None_Match=said)
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
    assert (await download(reporter, issue, file, If_None_Match='"other"')).status_code == 200
    # What is known to be right needs no part either.
    assert (await download(reporter, issue, file, If_None_Match=etag, Range="bytes=0-1")).status_code == 304


async def test_a_part_is_only_joined_to_the_same_file(
    reporter: Person, issue: dict[str, Any], file: dict[str, Any]
) -> None:
    same = await download(reporter, issue, file, Range="bytes=0-9", If_Range=f'"{file["sha256"]}"')
    assert (same.status_code, len(same.content)) == (206, 10)
    for other in ('"other"', f'W/"{file["sha256"]}"', "Wed, 21 Oct 2026 07:28:00 GMT"):
        whole = await download(reporter, issue, file, Range="bytes=0-9", If_Range=other)
        assert (whole.status_code, len(whole.content)) == (200, 300_000)


async def test_only_who_sees_the_issue_gets_its_files(
    reporter: Person,
    stranger: Person,
    maintainer: Person,
    admin: Person,
    client: AsyncClient,
    issue: dict[str, Any],
    file: dict[str, Any],
) -> None:
    for person in (maintainer, admin):
        assert (await download(person, issue, file)).content == CONTENT
    address = f"/issues/{issue['id']}/attachments"
    for path in (address, f"{address}/{file['id']}", f"{address}/{file['id']}/content"):
        hidden, missing = await stranger.get(path), await stranger.get(path.replace("issues/1", "issues/999"))
        problems = [refused(response, 404) for response in (hidden, missing)]
        assert problems[0] | {"request_id": ""} == problems[1] | {"request_id": ""}
        refused(await client.get(path), 401)


async def test_a_file_has_no_address_under_another_issue(
    reporter: Person, stranger: Person, issue: dict[str, Any], file: dict[str, Any]
) -> None:
    other = await reporter.open_issue()
    own = await stranger.open_issue()
    for person, wrong in ((reporter, other), (stranger, own)):
        address = f"/issues/{wrong['id']}/attachments/{file['id']}"
        refused(await person.get(address), 404)
        refused(await person.get(f"{address}/content"), 404)
        refused(await person.delete(address), 404)
        refused(await person.patch(address, json={"keep": True}), 404)


async def test_the_files_of_a_deleted_issue_are_gone_until_it_is_restored(
    reporter: Person, admin: Person, issue: dict[str, Any], file: dict[str, Any]
) -> None:
    await admin.delete(f"/issues/{issue['id']}")
    refused(await download(reporter, issue, file), 404)
    refused(await download(admin, issue, file), 404)
    await admin.post(f"/issues/{issue['id']}/restore")
    assert (await download(reporter, issue, file)).content == CONTENT


async def test_other_bytes_than_those_received_are_never_served(
    reporter: Person, issue: dict[str, Any], file: dict[str, Any], folder: Path
) -> None:
    [path] = [path for path in folder.rglob("*") if path.is_file()]  # noqa: ASYNC240
    assert (await download(reporter, issue, file)).status_code == 200
    path.write_bytes(CONTENT.replace(b"fox", b"cat"))
    for headers in ({}, {"Range": "bytes=0-0"}):
        assert "damaged" in refused(await download(reporter, issue, file, **headers), 404)["detail"]
    path.unlink()
    assert "missing" in refused(await download(reporter, issue, file), 404)["detail"]


@given(header=st.from_regex(r"bytes=[0-9]{0,3}-[0-9]{0,3}", fullmatch=True), size=st.integers(1, 500))
def test_a_range_is_always_a_part_of_the_file(header: str, size: int) -> None:
    with suppress(RangeNotSatisfiable):
        part = part_of(header, size)
        if part is None:
            return
        assert 0 <= part[0] < part[1] <= size


async def test_listing_tells_nothing_of_where_files_lie(reporter: Person, issue: dict[str, Any], folder: Path) -> None:
    await attached(reporter, issue, ("a.txt", b"one"))
    text = (await reporter.get(f"/issues/{issue['id']}/attachments")).text
    [path] = [path for path in folder.rglob("*") if path.is_file()]  # noqa: ASYNC240
    assert path.name not in text
    assert accepted(await reporter.get(f"/issues/{issue['id']}/attachments"))[0]["name"] == "a.txt"
