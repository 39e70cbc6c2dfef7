"""What no HTTP client would send, to a server process over plain sockets."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.people import Person, client_at
from tests.processes import serving_process
from tests.scene import INTERNALS
from tracker.settings import Settings

ANSWER_SECONDS = 30
HOST = b"Host: tracker.example\r\n"
GET = b"GET /health/live HTTP/1.1\r\n" + HOST
POST = b"POST /users/register HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version to come": b"GET / HTTP/3.0\r\n" + HOST + b"\r\n",
    "a method in lower case": b"get /health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method that is no ASCII": b"G\xc9T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "an endless method": b"X" * 100_000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "an endless address": b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in the path": b"GET /issues/\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "encoded NUL in the path": b"GET /iss%00ues HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes that are no UTF-8 in the path": b"GET /issues/\xff HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes that are no UTF-8 in the query": b"GET /issues?q=\xff HTTP/1.1\r\n" + HOST + b"\r\n",
    "UTF-8 in the path": "GET /issues/é HTTP/1.1\r\n".encode() + HOST + b"\r\n",
    "half an escape": b"GET /issues/% HTTP/1.1\r\n" + HOST + b"\r\n",
    "an escape of nothing": b"GET /issues/%zz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a way up": b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "a way sideways": b"GET /issues/../users HTTP/1.1\r\n" + HOST + b"\r\n",
    "backslashes": b"GET \\issues HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address without a slash": b"GET issues HTTP/1.1\r\n" + HOST + b"\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in a header": GET + b"X-A: a\0b\r\n\r\n",
    "a header without a colon": GET + b"X-A\r\n\r\n",
    "a folded header": GET + b"X-A: a\r\n b\r\n\r\n",
    "a space before the colon": GET + b"Content-Length : 1\r\n\r\n",
    "a lone carriage return": GET + b"X-A: a\rX-B: b\r\n\r\n",
    "lone line feeds": b"GET /health/live HTTP/1.1\nHost: t\n\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length that is none": POST + b"Content-Length: two\r\n\r\n{}",
    "a length past 64 bit": POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "a length of 2**63": POST + b"Content-Length: 9223372036854775808\r\n\r\n{}",
    "a terabyte": POST + b"Content-Length: 1099511627776\r\n\r\n{}",
    "a terabyte, if it is welcome": POST + b"Expect: 100-continue\r\nContent-Length: 1099511627776\r\n\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length and chunks": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "an unknown transfer encoding": POST + b"Transfer-Encoding: gibberish\r\n\r\n{}",
    "chunks in chunks": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a chunk of no size": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "a chunk of negative size": CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
    "a chunk past 64 bit": CHUNKED + b"f" * 20 + b"\r\n{}\r\n0\r\n\r\n",
    "endless chunks": CHUNKED + b"10000\r\n" + b"x" * 0x10000 + b"\r\n10000\r\n" + b"x" * 0x10000 + b"\r\n",
}
HUNG_UP = {
    "before a word": b"",
    "in the first line": b"GET /hea",
    "in the headers": GET,
    "in the body": POST + b'Content-Length: 100\r\n\r\n{"email": ',
    "in a chunk": CHUNKED + b'64\r\n{"email": ',
}


@pytest.fixture(scope="module")
async def server(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[tuple[str, Path]]:
    """The address of a server process, and its log."""
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as file:
        async with serving_process(settings, log=file) as (_, address):
            yield address, log


@pytest.fixture
async def address(server: tuple[str, Path]) -> AsyncGenerator[str]:
    """Of the server, which logs no error meanwhile."""
    address, log = server
    yield address
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry for entry in entries if entry["level"] not in {"info", "warning"} or "exception" in entry] == []


async def answer_to(sent: bytes, address: str, *, hang_up: bool = False) -> bytes:
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        if hang_up:
            writer.write_eof()
        async with asyncio.timeout(ANSWER_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: "))
            return head + await reader.readexactly(int(length.removeprefix(b"content-length: ")))
    except asyncio.IncompleteReadError as ended:
        return ended.partial
    finally:
        writer.close()


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_malformed_request_is_refused(kind: str, address: str) -> None:
    head, _, body = (await answer_to(REFUSED[kind], address)).partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(b"HTTP/1.1 4")
    assert b"content-type: application/problem+json" in head.lower()
    assert f"x-request-id: {problem['request_id']}".encode() in head.lower()
    assert 400 <= problem["status"] < 500
    assert not [word for word in INTERNALS if word.lower() in body.decode().lower()]


@pytest.mark.parametrize("kind", HUNG_UP)
async def test_a_client_that_hangs_up_disturbs_nobody(kind: str, address: str) -> None:
    assert await answer_to(HUNG_UP[kind], address, hang_up=True) == b""
    async with client_at(address) as client:
        assert (await client.get("/health/live")).status_code == 200


async def test_deep_and_huge_bodies_over_the_wire_are_refused(address: str, admin: Person) -> None:
    headers = {"Authorization": admin.headers["Authorization"], "Content-Type": "application/json"}
    async with client_at(address, headers=headers) as client:
        for status, body in [(400, b"[" * 100_000), (400, b'{"a":' * 100_000), (413, b"x" * 9_000_000)]:
            assert (await client.post("/issues", content=body)).status_code == status
