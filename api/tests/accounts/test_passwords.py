"""How passwords are hashed."""

import asyncio
import os
import sys
import threading
import time
from typing import Any

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from sqlalchemy import text

from tests.people import PASSWORD, Person
from tracker.core.database import Sessions
from tracker.core.errors import Unavailable
from tracker.core.passwords import AT_ONCE, MOST_WAITING, Passwords


async def test_hashes_are_argon2id_with_at_least_the_recommended_cost() -> None:
    parameters = extract_parameters(await Passwords().hash("correct horse"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 46 * 1024
    assert parameters.time_cost >= 1
    assert parameters.salt_len >= 16
    assert parameters.hash_len >= 32


async def test_hashing_runs_in_threads_never_many_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    guard, running, most, threads = threading.Lock(), 0, 0, set[int]()

    def slow_check(_: str, __: str) -> bool:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
            threads.add(threading.get_ident())
        time.sleep(0.01)
        with guard:
            running -= 1
        return True

    monkeypatch.setattr(passwords, "_matches", slow_check)
    assert all(await asyncio.gather(*(passwords.verify(stored, "correct horse") for _ in range(20))))
    assert threading.get_ident() not in threads
    assert most == AT_ONCE <= (os.cpu_count() or 1)


async def test_a_crowd_is_turned_away_at_once_rather_than_left_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, gate = Passwords(), threading.Event()

    def wait(_: str, __: str) -> bool:
        return gate.wait(10)

    monkeypatch.setattr(passwords, "_matches", wait)
    waiting = [asyncio.create_task(passwords.verify("hash", "password")) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await passwords.verify("hash", "password")
    gate.set()
    assert all(await asyncio.gather(*waiting))
    assert await passwords.verify("hash", "password")


async def test_the_event_loop_turns_while_passwords_are_checked() -> None:
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    checks = asyncio.gather(*(passwords.verify(stored, "correct horse") for _ in range(4)))
    turns = 0
    while not checks.done():
        turns += 1
        await asyncio.sleep(0)
    assert all(await checks)
    assert turns > 100


async def test_hashing_threads_let_the_event_loop_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords()
    niceness: list[int] = []

    def look(_: str, __: str) -> bool:
        niceness.append(os.nice(0))
        return True

    monkeypatch.setattr(passwords, "_matches", look)
    await passwords.verify(None, "correct horse")
    # Elsewhere niceness is the whole process's.
    assert niceness == [os.nice(0) + (10 if sys.platform == "linux" else 0)]


async def test_what_is_no_hash_matches_nothing() -> None:
    passwords = Passwords()
    for stored in (None, "", "plain", "$argon2id$v=19$m=47104,t=1,p=1$broken"):
        assert not await passwords.verify(stored, "plain")


async def test_nobody_keeps_a_connection_or_a_lock_while_waiting_for_a_hash(
    admin: Person, reporter: Person, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashing, idle = Passwords.hash, list[int | None]()

    async def look(passwords: Passwords, password: str) -> str:
        async with sessions() as session:
            in_transactions = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
            idle.append(await session.scalar(text(in_transactions)))
        return await hashing(passwords, password)

    monkeypatch.setattr(Passwords, "hash", look)
    person: dict[str, Any] = {"email": "new@example.com", "full_name": "New", "password": PASSWORD}
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    for number, (answer, status) in enumerate(
        (
            (admin.post("/users/", json=person | {"role": "admin"}, headers=once(1)), 201),
            (admin.patch(f"/users/{admin.id}", json={"password": PASSWORD}, headers=once(2)), 200),
            (reporter.post("/users/register", json=person | {"email": "x@example.com"}, headers=once(3)), 201),
            (reporter.post("/users/me/password", json=change, headers=once(4)), 204),
        ),
        start=1,
    ):
        assert (await answer).status_code == status
        assert idle == [0] * number


def once(number: int) -> dict[str, str]:
    return {"Idempotency-Key": str(number)}
