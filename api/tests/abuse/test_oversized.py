"""Too much of everything, at the door and behind it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from httpx import AsyncClient

from tests.abuse.installation import CANARY, Installation
from tests.people import Person, accepted, refused

KILO, MEGA = 1_000, 1_000_000
BODIES: dict[str, tuple[str, int]] = {
    "a sign-in": ("/users/token", 300 * KILO),
    "a registration": ("/users/register", 300 * KILO),
    "a name": ("/users/me", 300 * KILO),
    "a sign-out": ("/users/logout", 300 * KILO),
    "an issue": ("/issues", 9 * MEGA),
    "an issue, with a slash": ("/issues/", 9 * MEGA),
    "a comment": ("/issues/1/comments", 9 * MEGA),
    "what is no address": ("/nothing/here", 300 * KILO),
}
HEADERS: dict[str, list[tuple[str, str]]] = {
    "a long value": [("X-Long", "x" * 40 * KILO)],
    "a long name": [("X" * 40 * KILO, "x")],
    "many headers": [(f"X-{number}", "x" * 100) for number in range(1000)],
    "a long cookie": [("Cookie", "refresh_token=" + "x" * 40 * KILO)],
    "many cookies": [("Cookie", "; ".join(f"a{number}=b" for number in range(5000)))],
    "a long token": [("Authorization", "Bearer " + "x" * 40 * KILO)],
    "a long entity tag": [("If-None-Match", ",".join(['"x"'] * 10 * KILO))],
    "a long list of ranges": [("Range", "bytes=" + ",".join(["0-1"] * 10 * KILO))],
}
JSON: dict[str, str] = {
    "nesting": "[" * 100_000,
    "nesting that is closed": '{"title":' + "[" * 100_000 + "]" * 100_000 + "}",
    "objects in objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "tags": json.dumps({"title": CANARY, "tags": [str(number) for number in range(100_000)]}),
    "fields": json.dumps({f"f{number}": number for number in range(100_000)}),
    "one field again and again": "{" + ",".join(['"title":"x"'] * 100_000) + "}",
    "digits": '{"title": "x", "assignee_id": ' + "9" * 100_000 + "}",
    "an exponent": '{"title": "x", "assignee_id": 1e999999999}',
    "a title": json.dumps({"title": "x" * MEGA}),
    "a tag": json.dumps({"title": "x", "tags": ["x" * MEGA]}),
    "a description": json.dumps({"title": "x", "description": "x" * (2 * MEGA + 100_000)}),
    "white space": " " * 7 * MEGA,
    "half a string": '{"title": "' + "x" * 7 * MEGA,
    "half an escape": '{"title": "\\ud83d' + "x" * MEGA + '"}',
}
ADDRESSES = {
    "a long path": "/" + "x" * 40 * KILO,
    "many steps": "/issues" + "/x" * 3 * KILO,
    "a long id": "/issues/" + "9" * 5 * KILO,
    "a long search": "/issues/?q=" + "x" * 40 * KILO,
    "a search of many words": "/issues/?q=" + "+".join(["word"] * 1000),
    "a search of many brackets": "/issues/?q=" + "(" * 3000,
    "a search of many exclusions": "/issues/?q=" + "+".join(["-tag:a"] * 1000),
    "many filters": "/issues/?" + "&".join(["tag=a"] * 1000),
    "a long cursor": "/issues/?cursor=" + "x" * 5000,
    "a large limit": "/issues/?limit=99999999999999999999",
    "a limit below nothing": "/issues/?limit=-1",
    "a long cursor of events": "/events?after=" + "x" * 5000,
}


def turned_away(answer: Any, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text[:300]
    refused(answer, answer.status_code)
    assert len(answer.content) < 20 * KILO


@pytest.mark.parametrize("kind", BODIES)
async def test_a_body_has_the_limit_of_its_place(kind: str, reporter: Person) -> None:
    path, size = BODIES[kind]
    turned_away(await reporter.post(path, content=b"x" * size), 413)

    async def unannounced() -> AsyncGenerator[bytes]:
        for _ in range(size // 50_000 + 1):
            yield b"x" * 50_000

    turned_away(await reporter.post(path, content=unannounced()), 413)


async def test_a_form_of_files_has_its_limit_before_it_has_come(
    house: Installation, reporter: Person, client: AsyncClient
) -> None:
    address = f"/issues/{(await reporter.open_issue())['id']}/attachments"
    host, port = house.proxy.web.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    authorization = f"Authorization: Bearer {reporter.token}\r\nContent-Length: {212 * 1024 * 1024}"
    writer.write(f"POST /api{address} HTTP/1.1\r\nHost: {house.proxy.web}\r\n{authorization}\r\n\r\n".encode())
    async with asyncio.timeout(60):
        assert (await reader.readline()).split()[1] == b"413"
        assert b'"status":413' in await reader.readuntil(b"}")
    writer.close()
    strangers = await client.post(address, content=b"x" * 20 * MEGA)
    turned_away(strangers, 401)
    assert strangers.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("kind", HEADERS)
async def test_headers_have_their_limits(kind: str, client: AsyncClient) -> None:
    turned_away(await client.get("/users/me", headers=HEADERS[kind]), 400, 401, 431)


@pytest.mark.parametrize("kind", JSON)
async def test_json_has_its_limits(kind: str, reporter: Person) -> None:
    headers = {"Content-Type": "application/json"}
    turned_away(await reporter.post("/issues/", content=JSON[kind], headers=headers), 400, 413)


@pytest.mark.parametrize("kind", ADDRESSES)
async def test_addresses_have_their_limits(kind: str, reporter: Person) -> None:
    answer = await reporter.get(ADDRESSES[kind])
    if answer.status_code != 200:
        turned_away(answer, 400, 404, 414)


async def test_much_of_what_is_allowed_is_taken(reporter: Person) -> None:
    issue = await reporter.open_issue("x" * 200, description="ä" * MEGA, tags=[f"{n:050}" for n in range(20)])
    comment = await reporter.comment(issue["id"], "x" * 200_000)
    assert accepted(await reporter.get(f"/issues/{issue['id']}"))["comment_count"] == 1
    assert len(comment["body"]) == 200_000
