"""Clients that take their time on purpose: they are given up, and nobody else waits for them."""

import asyncio
from itertools import islice
from time import monotonic

from tests.abuse.installation import CANARY, Installation
from tests.people import Person, accepted
from tests.realtime.listener import knocking

HEAD_SECONDS = BODY_SECONDS = 10
"""What nginx waits for a whole head, and between two pieces of a body."""
AIR = 4
DRIPS = 12


class Slow:
    """One connection, which sends a beginning and then a byte now and then."""

    def __init__(self, address: str, beginning: str, drip: bytes = b"", every: float = 1.0) -> None:
        self._address = address
        self._beginning = beginning
        self._drip = drip
        self._every = every
        self.answer = b""

    async def lasts(self) -> float:
        """Seconds until it is answered, or closed by the other end."""
        host, port = self._address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        started = monotonic()
        dripping = asyncio.create_task(self._send(writer))
        try:
            async with asyncio.timeout(HEAD_SECONDS + BODY_SECONDS):
                while b"}" not in self.answer and (part := await reader.read(4096)):
                    self.answer += part
        except (TimeoutError, ConnectionError):
            pass
        finally:
            dripping.cancel()
            writer.close()
        return monotonic() - started

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self._beginning.replace("\n", "\r\n").encode())
        while self._drip:
            await asyncio.sleep(self._every)
            writer.write(self._drip)


async def test_slow_heads_and_bodies_are_given_up_while_others_are_served(
    house: Installation, reporter: Person, stranger: Person
) -> None:
    web, issue = house.proxy.web, (await reporter.open_issue())["id"]
    host, token = f"Host: {web}\n", f"Authorization: Bearer {reporter.token}\n"
    form = "Content-Type: multipart/form-data; boundary=x\n"
    patience = {
        "says nothing": Slow(web, ""),
        "half a line": Slow(web, "GET /api/iss"),
        "a head by the byte": Slow(web, f"GET /api/users/me?q={CANARY} HTTP/1.1\n{host}X-Slow: ", b"a"),
        "a head by the line": Slow(web, f"GET /api/users/me HTTP/1.1\n{host}", b"X-Slow: a\r\n"),
        "no body": Slow(web, f"POST /api/users/token HTTP/1.1\n{host}Content-Length: 100\n\n"),
        "half a body": Slow(web, f"POST /api/issues/ HTTP/1.1\n{host}{token}Content-Length: 100\n\n{{"),
        "half a chunk": Slow(web, f"POST /api/issues/ HTTP/1.1\n{host}{token}Transfer-Encoding: chunked\n\n40\n{{"),
        "half a file": Slow(
            web, f"POST /api/issues/{issue}/attachments HTTP/1.1\n{host}{token}{form}Content-Length: 9000\n\n--x\n"
        ),
    }
    # Never slow enough to be given up; how many of them one address may have, the next test tells.
    drips = [
        Slow(web, f"POST /api/issues/ HTTP/1.1\n{host}Content-Length: 5000\n\n", b" ", every=3) for _ in range(DRIPS)
    ]
    strangers_file = Slow(
        web, f"POST /api/issues/{issue}/attachments HTTP/1.1\n{host}{form}Content-Length: 9000000\n\n", b"x" * 100
    )

    async def silent_socket() -> tuple[int, str]:
        async with knocking(web, path="/api/ws") as listener:
            return await listener.closed()

    async def others() -> float:
        longest = 0.0
        for _ in range(20):
            started = monotonic()
            accepted(await stranger.get("/users/me"))
            await stranger.open_issue()
            longest = max(longest, monotonic() - started)
            await asyncio.sleep(0.4)
        return longest

    dripping = [asyncio.create_task(drip.lasts()) for drip in drips]
    lasted, refused_after, closed, longest = await asyncio.gather(
        asyncio.gather(*(slow.lasts() for slow in patience.values())),
        strangers_file.lasts(),
        silent_socket(),
        others(),
    )
    for drip in dripping:
        drip.cancel()
    await asyncio.gather(*dripping, return_exceptions=True)
    for name, seconds in zip(patience, lasted, strict=True):
        assert seconds < HEAD_SECONDS + AIR, name
        assert patience[name].answer[:12] in {b"", b"HTTP/1.1 408", b"HTTP/1.1 400"}, name
    assert strangers_file.answer.startswith(b"HTTP/1.1 401 ")
    assert b"problem+json" in strangers_file.answer
    assert refused_after < AIR, "a stranger's file is refused before it has come"
    assert closed == (4401, "not signed in")
    assert longest < AIR


async def test_one_address_has_so_much_under_way_at_once_and_no_more(house: Installation, stranger: Person) -> None:
    beginning = f"POST /api/users/token HTTP/1.1\nHost: {house.proxy.web}\nContent-Length: 100\n\n"
    slow = [Slow(house.proxy.web, beginning) for _ in range(80)]
    lasting = [asyncio.create_task(each.lasts()) for each in slow]
    async with asyncio.timeout(HEAD_SECONDS):
        for answered in islice(asyncio.as_completed(lasting), 20):
            await answered
    assert sum(each.answer.startswith(b"HTTP/1.1 429 ") for each in slow) == 20
    async with house.at_the_door(address="127.0.0.77") as elsewhere:
        accepted(await elsewhere.get("/users/me", headers={"Authorization": f"Bearer {stranger.token}"}))
    for task in lasting:
        task.cancel()
    await asyncio.gather(*lasting, return_exceptions=True)
