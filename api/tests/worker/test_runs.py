"""What admins see of background jobs."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.people import Person, accepted, refused
from tracker.core.database import Sessions
from tracker.core.jobs import Job, JobContext
from tracker.operations.jobs import JOBS, perform
from tracker.settings import Settings


async def test_admins_see_each_job_and_how_its_last_run_went(
    settings: Settings, sessions: Sessions, admin: Person, maintainer: Person
) -> None:
    assert {job["name"]: job["last_run"] for job in accepted(await admin.get("/jobs"))} == dict.fromkeys(JOBS)
    refused(await maintainer.get("/jobs"), 403)
    purge = JOBS["purge-trash"]
    now = datetime.now(UTC)
    moments = iter([now, *[now + timedelta(milliseconds=250)] * 9])
    await perform(purge, JobContext(settings, sessions, clock=lambda: next(moments)))
    shown = {job["name"]: job for job in accepted(await admin.get("/jobs"))}["purge-trash"]
    assert (shown["runs"], shown["failures"], shown["schedule"]) == (1, 0, "daily at 02:00")
    assert shown["last_run"]["succeeded"]
    assert shown["last_run"]["affected"] == 0
    assert shown["last_success_at"]

    async def fail(_: JobContext) -> int:
        raise ValueError("secret text")

    broken = Job(purge.name, purge.summary, fail, purge.schedule)
    with pytest.raises(ValueError, match="secret"):
        await perform(broken, JobContext(settings, sessions))
    failed = {job["name"]: job for job in accepted(await admin.get("/jobs"))}["purge-trash"]
    assert (failed["runs"], failed["failures"]) == (2, 1)
    assert (failed["last_run"]["succeeded"], failed["last_run"]["error"]) == (False, "ValueError")
    assert failed["last_success_at"] == shown["last_success_at"]
