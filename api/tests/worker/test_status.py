"""A worker's own health and figures."""

from httpx import HTTPError

from tests.people import client_at
from tests.processes import environment_of, running_process
from tracker.local.stack import free_port
from tracker.settings import Settings


async def test_a_worker_tells_how_it_does(settings: Settings) -> None:
    port = free_port()
    environment = environment_of(settings) | {"WORKER_PORT": str(port)}
    async with (
        running_process("worker", environment=environment) as process,
        client_at(f"http://127.0.0.1:{port}") as client,
    ):
        answer = None
        while answer is None:
            try:
                answer = await client.get("/health/live")
            except HTTPError:
                assert process.returncode is None
        assert answer.json() == {"status": "ok"}
        figures = (await client.get("/metrics")).text
        assert "tracker_redis_up 1.0" in figures
        assert "process_resident_memory_bytes" in figures
        assert (await client.get("/issues/")).status_code == 404
        process.terminate()
        assert await process.wait() == 0
