"""A replica that is told to stop."""

import asyncio
import signal

import pytest

from tests.people import Person
from tests.processes import environment_of, serving_process
from tracker.settings import Settings

CLIENTS = 40
SECONDS = 120


@pytest.mark.parametrize("processes", [1, 2])
async def test_whoever_got_a_connection_gets_an_answer(settings: Settings, reporter: Person, processes: int) -> None:
    """As many proxies connect anew for each request: to be refused tells them to go elsewhere, silence does not."""
    body = b'{"title": "Late"}'
    head = (
        f"Authorization: Bearer {reporter.token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    request = f"POST /issues/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{head}\r\n".encode() + body
    answered, unanswered = 0, list[str]()
    environment = environment_of(settings) | {"API_WORKERS": str(processes)}
    async with asyncio.timeout(SECONDS), serving_process(settings, environment=environment) as (process, address):
        port = int(address.rpartition(":")[2])

        async def knock_until_refused() -> None:
            nonlocal answered
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    return
                try:
                    writer.write(request)
                    told = await reader.read()
                except ConnectionError as error:
                    told = repr(error).encode()
                writer.close()
                if told.startswith(b"HTTP/1.1 201"):
                    answered += 1
                else:
                    unanswered.append(told.decode())

        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(knock_until_refused())
            while answered < 2 * CLIENTS:  # noqa: ASYNC110  # nothing tells us when
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGTERM)
    assert unanswered == []
