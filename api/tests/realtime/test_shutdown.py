"""Stopping a replica sends its sockets elsewhere, and soon."""

import asyncio
import signal
import time

from tests.conftest import Newcomer
from tests.people import Person
from tests.processes import serving_process
from tests.realtime.listener import Listener, listening
from tests.realtime.test_slow_clients import deaf
from tracker.settings import Settings

SOCKETS = 50


async def test_a_stopping_replica_closes_fifty_sockets_with_1012_within_five_seconds(
    settings: Settings, newcomer: Newcomer, maintainer: Person
) -> None:
    people = [await newcomer(f"Person {number}") for number in range(SOCKETS // 5)]
    async with serving_process(settings) as (process, url):
        address = url.removeprefix("http://")
        ready = asyncio.Semaphore(0)

        async def stay(token: str) -> tuple[int, str]:
            async with listening(address, token) as listener:
                ready.release()
                return await listener.closed(20)

        async with deaf(address, maintainer.token):
            sockets = [asyncio.create_task(stay(people[number // 5].token)) for number in range(SOCKETS)]
            for _ in sockets:
                await ready.acquire()
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            ends = await asyncio.gather(*sockets)
            assert {code for code, _ in ends} == {1012}
            # uvicorn ends with the signal that it was asked by.
            assert await asyncio.wait_for(process.wait(), 10) in {0, -signal.SIGTERM}
            assert time.monotonic() - start < 5


async def test_a_socket_goes_on_at_another_replica_where_it_was(
    settings: Settings, address: str, maintainer: Person
) -> None:
    async with (
        serving_process(settings) as (process, url),
        listening(url.removeprefix("http://"), maintainer.token) as listener,
    ):
        first = await maintainer.open_issue()
        await listener.events(1)
        process.send_signal(signal.SIGTERM)
        second = await maintainer.open_issue()
        assert (await listener.closed())[0] == 1012
    async with listening(address, maintainer.token, listener.cursor) as again:
        await until_known(again, second["id"], also_by=listener)
        told = listener.event_ids + again.event_ids
        assert len(told) == 2
        assert {*listener.issues, *again.issues} == {first["id"], second["id"]}


async def until_known(listener: Listener, issue_id: int, *, also_by: Listener) -> None:
    while issue_id not in {*listener.issues, *also_by.issues}:
        await listener.receive()
