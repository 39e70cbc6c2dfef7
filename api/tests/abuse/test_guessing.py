"""Guessing passwords and accounts: the limits hold over all replicas and from wherever it comes."""

import asyncio

from httpx import AsyncClient

from tests.abuse.installation import CANARY, Installation
from tests.people import PASSWORD, Person, accepted, refused

WRONG = f"{CANARY} wrong"
SPOOFED = ("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP", "True-Client-IP")


def lies(number: int) -> dict[str, str]:
    """Another address each time, if one believes what clients say."""
    address = f"203.0.113.{number}"
    return {**dict.fromkeys(SPOOFED, address), "Forwarded": f"for={address}"}


async def guess(client: AsyncClient, email: str, number: int = 0) -> int:
    body = {"email": email, "password": WRONG}
    answer = await client.post("/users/token", json=body, headers=lies(number))
    return refused(answer, answer.status_code)["status"]


async def test_one_account_is_guessed_at_six_times_from_wherever(house: Installation, reporter: Person) -> None:
    async def from_address(number: int) -> int:
        async with house.at_the_door(address=f"127.0.0.{number}") as client:
            return await guess(client, reporter.email, number)

    statuses = await asyncio.gather(*(from_address(number) for number in range(10, 20)))
    assert sorted(statuses) == [401] * 6 + [429] * 4
    async with house.at_the_door() as client:
        credentials = {"email": reporter.email.upper(), "password": PASSWORD}
        answer = await client.post("/users/token", json=credentials)
        refused(answer, 429)
        assert int(answer.headers["retry-after"]) > 0


async def test_one_address_guesses_at_twelve_accounts_whatever_it_says_it_is(client: AsyncClient) -> None:
    statuses = await asyncio.gather(*(guess(client, f"{CANARY}{number}@example.com", number) for number in range(18)))
    assert sorted(statuses) == [401] * 12 + [429] * 6


async def test_many_addresses_and_accounts_together_have_a_limit_too(house: Installation) -> None:
    async def from_address(number: int) -> int:
        async with house.at_the_door(address=f"127.0.0.{number}") as client:
            return await guess(client, f"{CANARY}{number}@example.com", number)

    statuses = await asyncio.gather(*(from_address(number) for number in range(10, 36)))
    assert sorted(statuses) == [401] * 20 + [429] * 6


async def test_whoever_has_a_token_does_not_find_the_password_by_it(client: AsyncClient, reporter: Person) -> None:
    async def change(current: str) -> int:
        change = {"current_password": current, "new_password": f"{CANARY} {CANARY}"}
        return int((await reporter.post("/users/me/password", json=change)).status_code)

    assert sorted(await asyncio.gather(*(change(WRONG) for _ in range(10)))) == [400] * 4 + [429] * 6
    assert await change(PASSWORD) == 429
    accepted(await client.post("/users/token", json={"email": reporter.email, "password": PASSWORD}))


async def test_accounts_can_not_be_told_from_what_an_answer_takes(
    house: Installation, admin: Person, reporter: Person, stranger: Person
) -> None:
    """Told by the work that is done, not by the clock, which tells more of what else runs here."""
    accepted(await admin.patch(f"/users/{stranger.id}", json={"is_active": False}))
    work: list[float] = []
    details: set[str] = set()
    for number, email in enumerate((reporter.email, stranger.email, f"{CANARY}@example.com")):
        async with house.at_the_door(address=f"127.0.0.{10 + number}") as client:
            before = house.worked()
            for _ in range(6):
                answer = await client.post("/users/token", json={"email": email, "password": WRONG})
                details.add(str(refused(answer, 401) | {"request_id": ""}))
            work.append(house.worked() - before)
    assert len(details) == 1
    assert max(work) < 1.6 * min(work), work


async def test_registrations_are_limited_by_address(house: Installation, client: AsyncClient, admin: Person) -> None:
    async def register(number: int) -> int:
        person = {"email": f"{CANARY}{number}@example.com", "password": f"{CANARY} {CANARY}", "full_name": CANARY}
        return int((await client.post("/users/register", json=person, headers=lies(number))).status_code)

    assert sorted(await asyncio.gather(*(register(number) for number in range(8)))) == [201] * 4 + [429] * 4
