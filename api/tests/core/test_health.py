"""What the orchestrator is told."""

from pathlib import Path

from httpx import AsyncClient

from tests.conftest import Installed
from tests.people import accepted


async def test_a_replica_with_all_that_it_needs_is_ready(client: AsyncClient) -> None:
    readiness = accepted(await client.get("/health/ready"))
    assert readiness == {"status": "ok", "checks": {"database": "ok", "redis": "ok"}}


async def test_redis_being_away_is_told_but_does_not_matter(installed: Installed, tmp_path: Path) -> None:
    client = await installed(redis_url=f"unix://{tmp_path}/nowhere.sock")
    readiness = accepted(await client.get("/health/ready"))
    assert readiness == {"status": "ok", "checks": {"database": "ok", "redis": "unreachable"}}


async def test_a_replica_without_redis_does_not_ask_for_it(installed: Installed) -> None:
    client = await installed(redis_url=None)
    assert accepted(await client.get("/health/ready"))["checks"] == {"database": "ok"}
