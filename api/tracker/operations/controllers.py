"""Background jobs and the state of the installation, over HTTP."""

from collections.abc import Sequence

from litestar import get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.guards import admins_only
from tracker.core.clock import utc_now
from tracker.core.jobs import Job
from tracker.core.openapi import READ, refusals
from tracker.models import JobRun
from tracker.operations.checks import Checks
from tracker.operations.jobs import JOBS
from tracker.operations.runs import JobRuns
from tracker.operations.schemas import CheckView, JobRunView, JobView


@get(
    "/jobs",
    operation_id="listJobs",
    tags=["Administration"],
    summary="Background jobs and their last runs",
    guards=[admins_only],
    responses=READ | refusals(403),
)
async def list_jobs(session: NamedDependency[AsyncSession]) -> Sequence[JobView]:
    """What runs when and next, how the last run went, and when one last succeeded."""
    runs = await JobRuns(session).all()
    return [_view_of(job, runs.get(job.name)) for job in JOBS.values()]


@get(
    "/checks",
    operation_id="listChecks",
    tags=["Administration"],
    summary="Does everything that the tracker needs do its part?",
    guards=[admins_only],
    responses=READ | refusals(403),
)
async def list_checks(state: State) -> Sequence[CheckView]:
    """Asked of each part at this moment, by the replica that answers."""
    checks: Checks = state.checks
    return await checks.ask()


def _view_of(job: Job, run: JobRun | None) -> JobView:
    return JobView(
        name=job.name,
        summary=job.summary,
        schedule=job.schedule.description,
        next_run_at=job.schedule.next_after(utc_now()),
        last_run=run
        and JobRunView(
            started_at=run.started_at,
            milliseconds=run.milliseconds,
            succeeded=run.succeeded,
            affected=run.affected,
            error=run.error,
        ),
        last_success_at=run and run.succeeded_at,
        runs=run.runs if run else 0,
        failures=run.failures if run else 0,
    )
