"""Signing in with a password."""

import asyncio
from math import inf
from time import perf_counter
from typing import Any

import pytest
from argon2 import PasswordHasher
from httpx import AsyncClient, Response
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import PASSWORD, Person, accepted, refused, sign_in
from tracker.models import User


async def attempt(client: AsyncClient, email: str, password: str) -> Response:
    return await client.post("/users/token", json={"email": email, "password": password})


async def test_form_and_json_sign_in_alike(client: AsyncClient, reporter: Person) -> None:
    form = {"username": reporter.email, "password": PASSWORD, "grant_type": "password", "scope": ""}
    by_form = await client.post("/users/token", data=form)
    by_json = await attempt(client, reporter.email, PASSWORD)
    for answer in (by_form, by_json):
        granted = accepted(answer)
        assert set(granted) == {"access_token", "token_type", "expires_in"}
        assert (granted["token_type"], granted["expires_in"]) == ("bearer", 600)
        assert answer.headers["cache-control"] == "no-store"
        headers = {"Authorization": f"Bearer {granted['access_token']}"}
        assert accepted(await client.get("/users/me", headers=headers))["id"] == reporter.id


async def test_the_address_is_compared_without_case(client: AsyncClient, reporter: Person) -> None:
    await sign_in(client, f" {reporter.email.upper()} ")


async def test_wrong_password_unknown_address_and_deactivated_account_are_one_answer(
    client: AsyncClient, reporter: Person, stranger: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as session:
        await session.execute(update(User).where(User.id == stranger.id).values(is_active=False))
        await session.commit()
    answers = [
        await attempt(client, reporter.email, "wrong password"),
        await attempt(client, "nobody@example.com", PASSWORD),
        await attempt(client, stranger.email, PASSWORD),
    ]
    bodies: list[dict[str, Any]] = []
    for answer in answers:
        bodies.append(refused(answer, 401) | {"request_id": ""})
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "set-cookie" not in answer.headers
    assert bodies[0] == bodies[1] == bodies[2]


async def test_unknown_addresses_take_as_long_as_wrong_passwords(client: AsyncClient, reporter: Person) -> None:
    async def seconds(email: str) -> float:
        started = perf_counter()
        refused(await attempt(client, email, "wrong password"), 401)
        return perf_counter() - started

    # The quickest of so many as it takes, because whatever else runs on the machine only ever adds.
    known = unknown = inf
    for pairs in range(1, 41):
        known, unknown = min(known, await seconds(reporter.email)), min(unknown, await seconds("nobody@example.com"))
        if pairs >= 7 and 0.6 < unknown / known < 1.6:
            return
    pytest.fail(f"{known:.3f} s for a known address, {unknown:.3f} s for another")


async def test_an_imported_person_without_password_cannot_sign_in(
    client: AsyncClient, reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async with sessions() as session:
        await session.execute(update(User).where(User.id == reporter.id).values(password_hash=None))
        await session.commit()
    for password in ("", "None", PASSWORD):
        refused(await attempt(client, reporter.email, password), 401)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"json": {"email": "a@example.com"}}, 400),
        ({"json": {"email": "a@example.com", "password": "x", "otp": "1"}}, 400),
        ({"json": {"email": "a@example.com", "password": "p" * 129}}, 400),
        ({"json": {"email": "a@example.com", "password": 12345678}}, 400),
        ({"data": {"username": "a@example.com"}}, 400),
        ({"content": b"username=a&username=b&password=c", "type": "application/x-www-form-urlencoded"}, 400),
        ({"content": b"username=%ff&password=c", "type": "application/x-www-form-urlencoded"}, 400),
        ({"content": b"username=%00&password=c", "type": "application/x-www-form-urlencoded"}, 400),
        ({"content": b"a@example.com", "type": "text/plain"}, 415),
        ({"content": b""}, 415),
    ],
)
async def test_what_is_no_credentials_is_refused(client: AsyncClient, body: dict[str, Any], status: int) -> None:
    kind = body.pop("type", None)
    headers = {"Content-Type": kind} if kind else {}
    refused(await client.post("/users/token", headers=headers, **body), status)


async def test_a_hash_with_older_parameters_is_renewed_by_the_sign_in(
    client: AsyncClient, reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async def stored() -> str | None:
        async with sessions() as session:
            return await session.scalar(select(User.password_hash).where(User.id == reporter.id))

    async with sessions() as session:
        weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
        await session.execute(update(User).where(User.id == reporter.id).values(password_hash=weak))
        await session.commit()
    refused(await attempt(client, reporter.email, "wrong password"), 401)
    assert await stored() == weak
    await sign_in(client, reporter.email)
    renewed = await stored()
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    await sign_in(client, reporter.email)
    assert await stored() == renewed


async def test_a_password_reset_during_a_sign_in_wins(
    client: AsyncClient, admin: Person, reporter: Person, monkeypatch: pytest.MonkeyPatch, app: Any
) -> None:
    passwords, checked, go_on = app.state.passwords, asyncio.Event(), asyncio.Event()
    verify = passwords.verify

    async def verify_and_wait(stored: str | None, password: str) -> bool:
        correct = await verify(stored, password)
        checked.set()
        await go_on.wait()
        return correct

    monkeypatch.setattr(passwords, "verify", verify_and_wait)
    signing_in = asyncio.create_task(attempt(client, reporter.email, PASSWORD))
    await checked.wait()
    accepted(await admin.patch(f"/users/{reporter.id}", json={"password": "another horse"}))
    go_on.set()
    refused(await signing_in, 401)


async def test_sign_in_ignores_an_idempotency_key_rather_than_keep_tokens(
    client: AsyncClient, reporter: Person
) -> None:
    headers = {"Idempotency-Key": "k"}
    body = {"email": reporter.email, "password": PASSWORD}
    first = accepted(await client.post("/users/token", json=body, headers=headers))
    second = accepted(await client.post("/users/token", json=body, headers=headers))
    assert first["access_token"] != second["access_token"]
