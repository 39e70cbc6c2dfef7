"""Sockets that say nothing, too much, or what they may not."""

import asyncio
import json
from contextlib import AsyncExitStack
from time import monotonic

from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from tests.abuse.installation import CANARY, Installation
from tests.people import Person
from tests.realtime.listener import knocking, listening
from tests.realtime.test_protocol import GARBAGE

PATH = "/api/ws"


async def test_garbage_is_answered_by_a_code_and_no_more(house: Installation, reporter: Person) -> None:
    async def closed(frame: str | bytes) -> tuple[int, str]:
        async with knocking(house.proxy.web, path=PATH) as listener:
            await listener.send(frame)
            return await listener.closed()

    said = await asyncio.gather(*(closed(frame) for frame in GARBAGE))
    assert set(said) == {(4400, "bad frame")}


async def test_a_token_in_the_address_signs_nobody_in(house: Installation, reporter: Person) -> None:
    path = f"{PATH}?token={reporter.token}&access_token={reporter.token}&q={CANARY}"
    async with knocking(house.proxy.web, path=path) as listener:
        await listener.send({"type": "auth", "token": ""})
        assert await listener.closed() == (4401, "not signed in")


async def test_a_flood_is_cut_off_and_others_hear_on(house: Installation, reporter: Person, admin: Person) -> None:
    async with (
        listening(house.proxy.web, admin.token, path=PATH) as quiet,
        listening(house.proxy.web, reporter.token, path=PATH) as flooding,
    ):
        text = json.dumps({"type": "auth", "token": CANARY, "cursor": None})
        frame = Frame(Opcode.TEXT, text.encode()).serialize(mask=True)
        flooding.connection.transport.write(frame * 5_000)
        assert (await flooding.closed())[0] in {4401, 4429}
        await reporter.open_issue()
        await quiet.events(1)


async def test_one_person_has_five_sockets_on_a_replica(house: Installation, reporter: Person) -> None:
    refusals = 0
    async with AsyncExitStack() as open_sockets:
        for _ in range(14):
            listener = await open_sockets.enter_async_context(knocking(house.proxy.web, path=PATH))
            await listener.send({"type": "auth", "token": reporter.token})
            try:
                await listener.receive()
            except Exception:  # noqa: BLE001 (closed; why is looked at next)
                assert await listener.closed() == (4429, "too many sockets")
                refusals += 1
        assert refusals == 14 - 5 * len(house.replicas)


async def test_sockets_of_one_address_are_limited_at_the_handshake(house: Installation) -> None:
    async def knock() -> tuple[int, bool]:
        try:
            async with knocking(house.proxy.web, path=PATH, additional_headers={"X-Forwarded-For": "203.0.113.7"}):
                return 101, False
        except InvalidStatus as refusal:
            return refusal.response.status_code, "retry-after" in refusal.response.headers

    answers: list[tuple[int, bool]] = []
    started = monotonic()
    while (429, True) not in answers and len(answers) < 300:
        answers += await asyncio.gather(*(knock() for _ in range(20)))
    assert set(answers) == {(101, False), (429, True)}
    # Where Redis takes longer to answer than anybody waits for it, each replica counts for itself, and says so.
    alone = "rate limits hold for each replica alone"
    counting = len(house.replicas) if alone in house.everything_logged() else 1
    refilled = monotonic() - started
    assert 60 <= answers.count((101, False)) <= 60 * counting + refilled
