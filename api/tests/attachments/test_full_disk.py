"""A disk that is full in the middle of an upload."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.attachments.uploading import contents_of
from tests.conftest import Installed
from tests.people import Person, accepted, refused


@pytest.fixture
async def replica(installed: Installed, reporter: Person, small_disk: Path) -> AsyncClient:
    """One whose files lie on a disk of half a megabyte."""
    client = await installed(upload_store=str(small_disk / "uploads"), upload_min_free_bytes=1)
    client.headers["Authorization"] = reporter.headers["Authorization"]
    return client


async def test_a_full_disk_is_507_and_leaves_nothing_half_written(
    replica: AsyncClient, reporter: Person, small_disk: Path
) -> None:
    issue = await reporter.open_issue()
    address = f"/issues/{issue['id']}/attachments"

    def form(*sizes: int) -> list[tuple[str, tuple[str, bytes]]]:
        return [("files", (f"{number}.txt", b"x" * size)) for number, size in enumerate(sizes)]

    [first] = accepted(await replica.post(address, files=form(200_000)), 201)
    # The first of the two has room, the second has not: neither stays.
    problem = refused(await replica.post(address, files=form(100_000, 400_000)), 507)
    assert "room" in problem["detail"]
    assert [len(content) for content in contents_of(small_disk)] == [200_000]
    assert [file["id"] for file in accepted(await replica.get(address))] == [first["id"]]
    assert accepted(await replica.get(f"/issues/{issue['id']}"))["attachment_count"] == 1
    assert (await replica.get(f"{address}/{first['id']}/content")).content == b"x" * 200_000
    # What fits is still taken.
    accepted(await replica.post(address, files=form(50_000)), 201)
    accepted(await replica.post(f"/issues/{issue['id']}/comments", json={"body": "All else goes on."}), 201)
