"""What the socket takes, and with which words it closes on everything else."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from litestar import Litestar
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from tests.people import Person
from tests.realtime.listener import knocking, listening


def auth(token: Any, cursor: Any = None) -> dict[str, Any]:
    return {"type": "auth", "token": token, "cursor": cursor}


async def test_signing_in_is_answered_by_ready_with_a_cursor(address: str, reporter: Person) -> None:
    async with knocking(address) as listener:
        await listener.send(auth(reporter.token))
        frame = await listener.receive()
        assert frame == {"type": "ready", "cursor": frame["cursor"]}
        assert frame["cursor"]


async def test_the_cursor_may_be_left_out(address: str, reporter: Person) -> None:
    async with knocking(address) as listener:
        await listener.send({"type": "auth", "token": reporter.token})
        assert (await listener.receive())["type"] == "ready"


async def test_the_address_works_with_a_slash_too(address: str, reporter: Person) -> None:
    async with knocking(address, path="/ws/") as listener:
        await listener.sign_in(reporter.token)


GARBAGE: list[str | bytes] = [
    b"\x00\x01",
    b'{"type":"auth","token":"x"}',
    "",
    "auth",
    "{",
    "[]",
    "null",
    "1e999",
    '{"type":"auth"}',
    '{"type":"auth","token":null}',
    '{"type":"auth","token":7}',
    '{"type":"auth","token":"x","cursor":7}',
    '{"type":"auth","token":"x","cursor":["a"]}',
    '{"type":"auth","token":"x","admin":true}',
    '{"type":"auth","token":"x","token":"y"}',
    '{"type":"AUTH","token":"x"}',
    '{"type":"ping"}',
    '{"token":"x"}',
    '{"type":"auth","token":"\\ud800"}',
    "[" * 8000 + "]" * 8000,
    '{"a":' * 3000 + "1" + "}" * 3000,
    '{"type":"auth","token":"x","cursor":' + "[" * 7000 + "]" * 7000 + "}",
    json.dumps(auth("x" * 16_400)),
    json.dumps(auth("ä" * 8_200), ensure_ascii=False),
]


async def test_what_is_not_an_auth_frame_is_a_bad_frame(address: str, reporter: Person) -> None:
    for frame in GARBAGE:
        async with knocking(address) as listener:
            await listener.send(frame)
            assert await listener.closed() == (4400, "bad frame"), frame[:50]
        async with listening(address, reporter.token) as listener:
            await listener.send(frame)
            assert await listener.closed() == (4400, "bad frame"), frame[:50]


async def test_a_message_in_pieces_is_one_frame(address: str, reporter: Person) -> None:
    text = json.dumps(auth(reporter.token))
    async with knocking(address) as listener:
        await listener.connection.send([text[:10], text[10:50], text[50:]])
        assert (await listener.receive())["type"] == "ready"


async def test_a_huge_message_is_not_even_collected(address: str, reporter: Person) -> None:
    async with listening(address, reporter.token) as listener:
        await listener.send("x" * 1_000_000)
        assert (await listener.closed())[0] == 1009


async def test_a_token_that_is_none_signs_nobody_in(address: str, reporter: Person) -> None:
    for token in ("", "x", "a.b.c", "\x00", "ä", "x" * 5000, reporter.token[:-4] + "AAAA"):
        async with knocking(address) as listener:
            await listener.send(auth(token))
            assert await listener.closed() == (4401, "not signed in"), token[:50]


async def test_whoever_says_nothing_for_five_seconds_is_sent_away(address: str) -> None:
    loop = asyncio.get_running_loop()
    async with knocking(address) as listener:
        start = loop.time()
        assert await listener.closed(seconds=7) == (4401, "not signed in")
        assert 4.5 < loop.time() - start < 6


async def test_a_socket_stays_with_the_person_who_opened_it(address: str, reporter: Person, stranger: Person) -> None:
    async with listening(address, reporter.token) as listener:
        await listener.send(auth(stranger.token))
        assert await listener.closed() == (4401, "not signed in")


async def test_signing_in_again_goes_on_without_a_gap_or_a_repetition(address: str, reporter: Person) -> None:
    async with listening(address, reporter.token) as listener:
        first = listener.cursor
        await reporter.open_issue()
        await listener.events(1)
        await listener.sign_in(reporter.token, first)
        await reporter.open_issue()
        await listener.events(1)
        assert listener.resets == 0


async def test_more_than_twenty_frames_a_second_are_too_many(address: str, reporter: Person) -> None:
    async with listening(address, reporter.token) as listener:
        for _ in range(19):
            await listener.sign_in(reporter.token)
        with suppress(ConnectionClosed):
            for _ in range(1000):  # so many at once, however slow this machine is
                await listener.send(auth(reporter.token))
        assert await listener.closed() == (4429, "too many frames")


async def test_a_flood_does_not_get_through_the_parser(address: str, reporter: Person) -> None:
    async with listening(address, reporter.token) as listener:
        frame = Frame(Opcode.TEXT, json.dumps(auth(reporter.token)).encode()).serialize(mask=True)
        listener.connection.transport.write(frame * 10_000)
        assert await listener.closed() == (4429, "too many frames")


async def test_the_sixth_socket_of_a_person_is_one_too_many(address: str, reporter: Person, stranger: Person) -> None:
    async with asyncio.TaskGroup() as group:
        enough, seen = asyncio.Event(), asyncio.Semaphore(0)

        async def stay() -> None:
            async with listening(address, reporter.token):
                seen.release()
                await enough.wait()

        for _ in range(5):
            group.create_task(stay())
        for _ in range(5):
            await seen.acquire()
        async with knocking(address) as sixth:
            await sixth.send(auth(reporter.token))
            assert await sixth.closed() == (4429, "too many sockets")
        async with listening(address, stranger.token):
            pass
        enough.set()
    async with listening(address, reporter.token):
        pass


ELSEWHERE = [
    "http://evil.example",
    "https://evil.example",
    "null",
    "file://",
    "http://",
    "http://127.0.0.1:1",
    "ws://{address}",
    "chrome-extension://{address}",
    "http://{address}.evil.example",
    "http://{address}@evil.example",
    "http://evil.example/{address}",
    "http://spa.example.evil.example",
    "http://xspa.example",
    "https://spa.example:8443",
]


async def test_a_page_from_elsewhere_does_not_get_a_socket(address: str, spa_origin: str) -> None:
    for origin in ELSEWHERE:
        with pytest.raises(InvalidStatus) as refusal:
            async with knocking(address, origin=origin.format(address=address)):
                pass
        assert refusal.value.response.status_code == 403, origin


async def test_pages_of_the_own_host_and_of_the_web_origins_get_sockets(
    address: str, spa_origin: str, reporter: Person
) -> None:
    for origin in (f"http://{address}", f"https://{address}", f"HTTP://{address}", spa_origin):
        async with listening(address, reporter.token, origin=origin):
            pass


async def test_an_ordinary_request_is_told_that_this_is_a_socket(reporter: Person) -> None:
    assert (await reporter.get("/ws")).status_code in {404, 405, 426}


async def test_a_failure_inside_is_told_without_a_word_from_inside(
    address: str, app: Litestar, reporter: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("the password of the database is hunter2")

    monkeypatch.setattr("tracker.realtime.sockets.find_viewer", fail)
    async with knocking(address) as listener:
        await listener.send(auth(reporter.token))
        assert await listener.closed() == (1011, "internal error")
    assert "hunter2" in caplog.text


async def test_sockets_leave_nothing_behind(address: str, app: Litestar, reporter: Person) -> None:
    for _ in range(20):
        async with listening(address, reporter.token):
            pass
    for _ in range(50):
        if app.state.live.hub.sockets == 0:
            break
        await asyncio.sleep(0.05)
    assert app.state.live.hub.sockets == 0
    assert app.state.live.hub.listeners == 0
    assert app.state.live.sessions.kw["bind"].pool.checkedout() == 0
