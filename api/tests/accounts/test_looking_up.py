"""Who asks, found out for many requests in one statement."""

import asyncio
from collections.abc import Sequence

from litestar import Litestar

from tests.conftest import Newcomer
from tests.core.test_statement_counts import counted
from tests.people import accepted, refused


def lookups(statements: Sequence[str]) -> int:
    return sum("JOIN sessions" in statement for statement in statements)


async def test_those_who_come_together_are_told_apart(app: Litestar, newcomer: Newcomer) -> None:
    gone, *others = [await newcomer(f"Person {number}") for number in range(6)]
    (device,) = accepted(await gone.get("/users/me/sessions"))
    assert (await gone.delete(f"/users/me/sessions/{device['id']}")).status_code == 204
    with counted(app) as sent:
        answers = await asyncio.gather(*(person.get("/users/me") for person in [gone, *others, *others]))
    refused(answers[0], 401)
    assert [accepted(answer)["id"] for answer in answers[1:]] == [person.id for person in [*others, *others]]
    assert lookups(sent) < len(answers)


async def test_whoever_comes_after_a_lookup_has_begun_is_looked_up_anew(app: Litestar, newcomer: Newcomer) -> None:
    person = await newcomer("Ann")
    with counted(app) as sent:
        first = asyncio.create_task(person.get("/users/me"))
        while not sent:  # noqa: ASYNC110 (nothing tells us when)
            await asyncio.sleep(0)
        second = asyncio.create_task(person.get("/users/me"))
        assert accepted(await first) == accepted(await second)
    assert lookups(sent) == 2


async def test_whoever_gives_up_does_not_take_the_others_along(app: Litestar, newcomer: Newcomer) -> None:
    one, other = await newcomer("Ann"), await newcomer("Bob")
    with counted(app) as sent:
        given_up = asyncio.create_task(one.get("/users/me"))
        kept = asyncio.create_task(other.get("/users/me"))
        while not sent:  # noqa: ASYNC110 (nothing tells us when)
            await asyncio.sleep(0)
        given_up.cancel()
        assert accepted(await kept)["id"] == other.id
    assert given_up.cancelled()
    assert lookups(sent) == 1
