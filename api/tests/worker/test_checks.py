"""What admins are told of the parts that the tracker stands on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from httpx import Response

from tests.conftest import Installed
from tests.people import Person, accepted, refused
from tests.worker.conftest import At
from tracker.core.job_queue import queue
from tracker.core.jobs import NIGHTLY
from tracker.local.databases import valkey
from tracker.local.stack import free_port
from tracker.operations.jobs import JOBS
from tracker.worker import arq_worker


def found(answer: Response) -> dict[str, str]:
    return {check["name"]: check["status"] for check in accepted(answer)}


def test_the_next_run_is_the_next_moment_that_fits_the_schedule() -> None:
    evening = datetime(2026, 3, 29, 20, 15, 30, tzinfo=UTC)
    assert NIGHTLY.next_after(evening) == datetime(2026, 3, 30, 2, tzinfo=UTC)
    half_hourly = JOBS["refresh-daily-stats"].schedule
    assert half_hourly.next_after(evening) == datetime(2026, 3, 29, 20, 30, tzinfo=UTC)
    every_minute = JOBS["scan-files"].schedule
    assert every_minute.next_after(evening) == datetime(2026, 3, 29, 20, 16, tzinfo=UTC)


async def test_admins_see_when_each_job_is_due(admin: Person) -> None:
    now = datetime.now(UTC)
    for job in accepted(await admin.get("/jobs")):
        assert now < datetime.fromisoformat(job["next_run_at"]) <= now + timedelta(days=1, seconds=1)


async def test_admins_alone_see_what_does_its_part_and_what_is_not_used(admin: Person, maintainer: Person) -> None:
    checks = found(await admin.get("/checks"))
    assert checks == {"database": "ok", "redis": "ok", "worker": "failing", "files": "ok", "scanner": "unused"}
    refused(await maintainer.get("/checks"), 403)


async def test_parts_that_are_away_are_told_one_by_one(installed: Installed, admin: Person, tmp_path: Path) -> None:
    client = await installed(
        redis_url=f"unix://{tmp_path}/nowhere.sock",
        clamd_url=f"tcp://127.0.0.1:{free_port()}",
        upload_min_free_bytes=2**62,
    )
    answer = await client.get("/checks", headers={"Authorization": admin.headers["Authorization"]})
    assert found(answer) == {
        "database": "ok",
        "redis": "failing",
        "worker": "failing",
        "files": "failing",
        "scanner": "failing",
    }


async def test_a_worker_that_works_is_seen(installed: Installed, admin: Person, redis_directory: Path, at: At) -> None:
    with valkey(redis_directory, durable=False) as url:
        pool = queue(url)
        await arq_worker(pool, at(datetime.now(UTC))).record_health()
        await pool.aclose(close_connection_pool=True)
        client = await installed(redis_url=url)
        answer = await client.get("/checks", headers={"Authorization": admin.headers["Authorization"]})
        assert found(answer)["worker"] == "ok"
