"""What Prometheus is told."""

from pathlib import Path

import msgspec
from httpx import AsyncClient
from litestar import Litestar
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Installed
from tests.people import Person, transport_to
from tracker.app import create_app
from tracker.core.jobs import JobContext
from tracker.operations.jobs import JOBS, perform
from tracker.settings import Settings

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def samples(client: AsyncClient) -> Samples:
    response = await client.get("/metrics")
    assert response.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def value(found: Samples, metric: str, /, **labels: str) -> float | None:
    return found.get((metric, frozenset(labels.items())))


async def test_requests_are_counted_by_route_and_never_by_address(client: AsyncClient, admin: Person) -> None:
    issue = await admin.open_issue()
    route = {"method": "GET", "route": "/issues/{issue_id}"}
    before = value(await samples(client), "tracker_http_requests_total", **route, status="200") or 0
    for number in (issue["id"], issue["id"], 10**12):
        await admin.get(f"/issues/{number}?secret=canary")
    await client.get("/canary/of-a-stranger")
    await client.request("CANARY", "/issues/")
    after = await samples(client)
    assert value(after, "tracker_http_requests_total", **route, status="200") == before + 2
    assert (value(after, "tracker_http_request_duration_seconds_count", **route) or 0) >= 3
    assert value(after, "tracker_http_requests_total", method="GET", route="unrouted", status="404")
    assert value(after, "tracker_http_requests_in_progress") == 1
    told = str(list(after)).lower()  # names and labels: the values are measured, and may be any digits
    assert "canary" not in told
    assert str(10**12) not in told


async def test_what_jobs_did_is_told_by_every_replica(client: AsyncClient, app: Litestar, settings: Settings) -> None:
    context = JobContext(settings, app.state.sessions)
    await perform(JOBS["purge-trash"], context)
    found = await samples(client)
    began = value(found, "tracker_job_last_run_timestamp_seconds", name="purge-trash")
    assert began
    assert (value(found, "tracker_job_last_success_timestamp_seconds", name="purge-trash") or 0) >= began
    assert value(found, "tracker_job_duration_seconds", name="purge-trash") is not None
    assert value(found, "tracker_jobs_queued") == 0
    assert (value(found, "tracker_database_up"), value(found, "tracker_redis_up")) == (1, 1)
    assert value(found, "tracker_db_pool_waiting") == 0
    assert value(found, "tracker_sockets") == 0
    assert (value(found, "tracker_upload_free_bytes") or 0) > 0
    assert (value(found, "tracker_feed_lag_seconds") or 0) < 60


async def test_it_answers_while_everything_is_away(settings: Settings, installed: Installed, tmp_path: Path) -> None:
    nowhere = msgspec.structs.replace(
        settings,
        database_url=f"postgresql+asyncpg://nobody@/nothing?host={tmp_path}",
        redis_url=f"unix://{tmp_path}/nowhere.sock",
    )
    app = create_app(nowhere)
    async with app.lifespan(), AsyncClient(transport=transport_to(app), base_url="http://test") as client:
        found = await samples(client)
    assert (value(found, "tracker_database_up"), value(found, "tracker_redis_up")) == (0, 0)
    assert value(found, "tracker_job_last_run_timestamp_seconds", name="purge-trash") is None
