"""The two kinds of store: a folder on the disk, and a bucket of a server that speaks S3."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.attachments.files import lines, png
from tests.attachments.uploading import contents_of
from tests.conftest import Installed
from tests.people import Person, accepted, refused
from tracker.attachments.retention import Retention
from tracker.attachments.storage import Storage
from tracker.attachments.stores import STORE_TROUBLE, Store, new_key, store_at
from tracker.core.database import Sessions
from tracker.core.jobs import JobContext
from tracker.local.stack import free_port
from tracker.settings import Settings


@pytest.fixture(params=["folder", "bucket"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "new" / "uploads")
    return request.getfixturevalue("bucket")


@pytest.fixture
def store(address: str) -> Store:
    return store_at(address)


def put(store: Store, content: bytes) -> str:
    draft, key = store.new_draft(), new_key()
    draft.write(content)
    store.adopt(draft, key)
    store.drop(draft)
    return key


def everything_in(store: Store) -> list[str]:
    return sorted(store.older_than(datetime.now(UTC) + timedelta(days=1)))


@pytest.mark.parametrize("size", [1, 128 * 1024, 1024 * 1024 + 1, 5 * 1024 * 1024, 10 * 1024 * 1024])
def test_what_was_adopted_is_read_back_whole_and_in_parts(store: Store, size: int) -> None:
    content = os.urandom(size)
    file = store.open(put(store, content))
    assert file.size == size
    assert b"".join(file.read(0, size)) == content
    assert all(len(chunk) <= 1024 * 1024 for chunk in file.read(0, size))
    for start, stop in ((0, 1), (size - 1, size), (size // 3, size // 2 + 1), (0, 0)):
        assert b"".join(file.read(start, stop)) == content[start:stop]
    file.close()


def test_a_draft_is_nothing_that_can_be_found(store: Store) -> None:
    draft = store.new_draft()
    draft.write(b"half")
    draft.flush()
    assert [key for key in everything_in(store) if key.startswith("files/")] == []
    store.drop(draft)
    store.drop(draft)
    assert everything_in(store) == []


def test_deleting_is_for_good_and_may_be_repeated(store: Store) -> None:
    keys = [put(store, b"x") for _ in range(3)]
    assert everything_in(store) == sorted(keys)
    store.delete([keys[0], new_key()])
    store.delete(keys[:2])
    assert everything_in(store) == [keys[2]]
    with pytest.raises(FileNotFoundError):
        store.open(keys[0])


def test_only_what_is_old_enough_is_listed(store: Store) -> None:
    put(store, b"x")
    assert list(store.older_than(datetime.now(UTC) - timedelta(minutes=1))) == []


def test_a_file_that_is_replaced_is_noticed(store: Store) -> None:
    key = put(store, b"one")
    before = store.open(key)
    draft = store.new_draft()
    draft.write(b"two!")
    store.adopt(draft, key)
    store.drop(draft)
    after = store.open(key)
    assert before.version != after.version
    try:
        assert b"".join(before.read(0, 3)) == b"one"  # a folder's file is still the same one
    except STORE_TROUBLE:
        assert b"".join(after.read(0, 4)) == b"two!"  # a bucket refuses to mix them
    before.close()
    after.close()


def test_a_folder_leaves_alone_what_is_not_its_own(tmp_path: Path) -> None:
    store = store_at(str(tmp_path))
    key = put(store, b"x")
    for foreign in (tmp_path / "passwd", tmp_path / "files" / "readme.txt", tmp_path / "files" / key[6:8] / "notes"):
        foreign.write_bytes(b"not ours")
    assert everything_in(store) == [key]


async def test_the_api_works_on_a_bucket(
    installed: Installed, reporter: Person, bucket: str, settings: Settings, sessions: Sessions, folder: Path
) -> None:
    issue = await reporter.open_issue()
    replica = await installed(upload_store=bucket)
    other_replica = await installed(upload_store=bucket)
    headers = {"Authorization": reporter.headers["Authorization"]}
    address = f"/issues/{issue['id']}/attachments"
    content = lines(3_000_000)
    form = [("files", ("a.log", content)), ("files", ("b.png", png()))]
    files = accepted(await replica.post(address, files=form, headers=headers), 201)
    whole = await other_replica.get(f"{address}/{files[0]['id']}/content", headers=headers)
    assert whole.content == content
    part = await other_replica.get(
        f"{address}/{files[0]['id']}/content", headers=headers | {"Range": "bytes=1048570-1048590"}
    )
    assert (part.status_code, part.content) == (206, content[1048570:1048591])
    refused(await replica.post(address, files=[("files", ("a.png", content))], headers=headers), 415)
    store = store_at(bucket)
    assert len(everything_in(store)) == 2
    await other_replica.delete(f"{address}/{files[0]['id']}", headers=headers)
    context = JobContext(settings, sessions)
    retention = Retention(context, Storage(store, min_free_bytes=0))
    assert await retention.remove_discarded() == 1
    assert len(everything_in(store)) == 1
    orphan = await asyncio.to_thread(put, store, b"crashed")
    assert await retention.sweep_orphans(timedelta(0)) in {0, 1}  # S3 counts in seconds
    assert await retention.sweep_orphans(timedelta(seconds=-2)) in {0, 1}
    assert orphan not in everything_in(store)
    assert len(everything_in(store)) == 1
    assert contents_of(folder) == []


async def test_a_store_that_is_away_is_a_reason_to_try_again(
    installed: Installed, reporter: Person, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = await reporter.open_issue()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    replica = await installed(upload_store=bucket)
    headers = {"Authorization": reporter.headers["Authorization"]}
    form = [("files", ("a.txt", b"one"))]
    response = await replica.post(f"/issues/{issue['id']}/attachments", files=form, headers=headers)
    problem = refused(response, 503)
    assert "file store" in problem["detail"]
    assert int(response.headers["retry-after"]) > 0
    assert accepted(await reporter.get(f"/issues/{issue['id']}"))["attachment_count"] == 0
