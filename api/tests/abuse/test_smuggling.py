"""Requests that nginx and the API might understand differently: nothing gets past the door inside another request."""

import asyncio
import json
from typing import Any

import pytest

from tests.abuse.installation import Installation
from tests.people import Person, accepted

# Which nginx would never let pass.
INSIDE = b"GET /metrics HTTP/1.1\r\nHost: tracker\r\nX-Smuggled: yes\r\n\r\n"
HEAD = b"POST /api/users/token HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
GET = b"GET /api/users/me HTTP/1.1\r\nHost: {host}\r\n"
LENGTH = b"Content-Length: %d\r\n" % (len(INSIDE) + 5)
CHUNKED = b"0\r\n\r\n" + INSIDE

SHAPES: dict[str, bytes] = {
    "a length and chunks": HEAD + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "chunks and a length": HEAD + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "a short length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "two lengths": HEAD + b"Content-Length: 5\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "one length twice": HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n" + CHUNKED,
    "two lengths in one": HEAD + b"Content-Length: 5, 5\r\n\r\n" + CHUNKED,
    "a length with a sign": HEAD + b"Content-Length: +5\r\n\r\n" + CHUNKED,
    "a length in hexadecimal": HEAD + b"Content-Length: 0x5\r\n\r\n" + CHUNKED,
    "a length of nothing": HEAD + b"Content-Length: \r\n\r\n" + CHUNKED,
    "a length below nothing": HEAD + b"Content-Length: -1\r\n\r\n" + CHUNKED,
    "a space before the colon": HEAD + b"Transfer-Encoding : chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "a tab before chunked": HEAD + b"Transfer-Encoding:\tchunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "chunked in quotes": HEAD + b'Transfer-Encoding: "chunked"\r\n' + LENGTH + b"\r\n" + CHUNKED,
    "chunked and more": HEAD + b"Transfer-Encoding: chunked, identity\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "identity and chunked": HEAD + b"Transfer-Encoding: identity, chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + CHUNKED,
    "an encoding with a control character": HEAD + b"Transfer-Encoding: \x0bchunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "an underscore for a dash": HEAD + b"Transfer_Encoding: chunked\r\n" + b"Content-Length: 5\r\n\r\n" + CHUNKED,
    "a folded encoding": HEAD + b"Transfer-Encoding:\r\n chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "a folded header": HEAD + b"X-Folded: a\r\n\tTransfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "an encoding after a bare line feed": HEAD + b"X: y\nTransfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "an encoding after a bare return": HEAD + b"X: y\rTransfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "a chunk of no size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + INSIDE,
    "a chunk of negative size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + INSIDE,
    "a chunk past 64 bit": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n" + INSIDE,
    "a chunk with an extension of lines": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n" + INSIDE,
    "a chunk that is too long": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n" + CHUNKED,
    "chunks that end without a line": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}" + CHUNKED,
    "a trailer that is a length": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n" + INSIDE,
    "a body without a length": HEAD + b"\r\n" + INSIDE,
    "a body of a GET": GET + LENGTH + b"\r\n" + CHUNKED,
    "a body of a GET in chunks": GET + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "HTTP/1.0 in chunks": HEAD.replace(b"1.1", b"1.0", 1) + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "another protocol": GET
    + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    "another protocol, and a request": GET + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + INSIDE,
    "a socket of an old version": b"GET /api/ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 1337\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n" + INSIDE,
    "a length that is let go of": GET + b"Connection: close, Content-Length\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "a line break in the address": b"GET /api/users/me%0d%0aX:%20y%0d%0a%0d%0aGET%20/metrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a space in the address": b"GET /api/users/me HTTP/1.1\r\nX: /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "an absolute address": b"GET http://{host}/metrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "an absolute address of the API": b"GET http://{host}/api/metrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "an address that ends in another": b"GET /api/@{host}/metrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "dots": b"GET /api/..;/metrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "encoded dots": b"GET /api/%2e%2e/metrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "an encoded slash": b"GET /api%2fmetrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "an encoded slash further on": b"GET /api/%2fmetrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "twice encoded": b"GET /api/%256detrics HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a fragment": b"GET /api/metrics#/api/users/me HTTP/1.1\r\nHost: {host}\r\n\r\n",
}
MISDIRECTED: dict[str, bytes] = {
    "another host": b"GET /api/users/me HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "another host in the address": b"GET http://evil.example/api/users/me HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "an address of the inside": b"GET http://127.0.0.2/api/users/me HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n",
    "the service of a cloud": b"GET http://169.254.169.254/latest/meta-data HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n",
    "a longer name": b"GET /api/users/me HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n",
    "a host with a login": b"GET /api/users/me HTTP/1.1\r\nHost: evil@{host}\r\n\r\n",
    "no host": b"GET /api/users/me HTTP/1.0\r\n\r\n",
}
REFUSED: dict[str, bytes] = {
    "no host in HTTP/1.1": b"GET /api/users/me HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /api/users/me HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
    "a host with a slash": b"GET /api/users/me HTTP/1.1\r\nHost: {host}/evil\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    "a trace": b"TRACE /api/users/me HTTP/1.1\r\nHost: {host}\r\n\r\n",
}


async def answers_to(sent: bytes, address: str) -> bytes:
    """All that comes back until the door closes or has nothing more to say."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    answer = b""
    try:
        writer.write(sent.replace(b"{host}", address.encode()))
        async with asyncio.timeout(1):
            while part := await reader.read(65536):
                answer += part
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return answer


async def test_nothing_is_smuggled_past_the_door(house: Installation, reporter: Person) -> None:
    addresses = [house.proxy.web, house.proxy.api]
    sent = {f"{name} to {address}": (shape, address) for name, shape in SHAPES.items() for address in addresses}
    # All at once, over the few connections that nginx keeps to the API, and ordinary people among them.
    answers, ordinary = await asyncio.gather(
        asyncio.gather(*(answers_to(shape, address) for shape, address in sent.values())),
        asyncio.gather(*(own_profile(reporter, number) for number in range(60))),
    )
    assert ordinary == [reporter.id] * 60
    for name, answer in zip(sent, answers, strict=True):
        statuses = [line.split(b" ")[1][:1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        assert set(statuses) <= {b"2", b"4"}, (name, answer)
        assert b"tracker_" not in answer, name
    assert [entry["route"] for entry in house.reached() if entry["route"] == "/metrics"] == []


async def own_profile(person: Person, number: int) -> int:
    await asyncio.sleep(number / 60)
    return accepted(await person.get("/users/me"))["id"]


@pytest.mark.parametrize(("shapes", "status"), [(MISDIRECTED, 421), (REFUSED, 400)], ids=["misdirected", "refused"])
async def test_what_is_not_for_this_door_is_told_so(house: Installation, shapes: dict[str, bytes], status: int) -> None:
    answers = await asyncio.gather(*(answers_to(shape, house.proxy.web) for shape in shapes.values()))
    for name, answer in zip(shapes, answers, strict=True):
        head, _, body = answer.partition(b"\r\n\r\n")
        expected = 405 if name == "a trace" else status
        assert head.startswith(f"HTTP/1.1 {expected} ".encode()), (name, head)
        problem: dict[str, Any] = json.loads(body)
        assert problem["status"] == expected, name
        assert b"nginx/" not in head, name
