"""Open sockets follow the role and the sessions of their person, on every replica."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from httpx import Response
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import PASSWORD, Person, accepted
from tests.realtime.listener import Listener, knocking, listening, serving
from tracker.accounts.tokens import Tokens
from tracker.app import create_app
from tracker.settings import Settings

SIGNED_OUT = (4401, "not signed in")
AT_ONCE = 2.0


@asynccontextmanager
async def both(address: str, twin: str, token: str) -> AsyncGenerator[tuple[Listener, Listener]]:
    """A socket on each of two replicas."""
    async with listening(address, token) as here, listening(twin, token) as there:
        yield here, there


async def test_a_demoted_maintainer_begins_anew_and_hears_no_more_of_others(
    address: str, twin: str, admin: Person, maintainer: Person, reporter: Person
) -> None:
    async with both(address, twin, maintainer.token) as sockets:
        before = sockets[0].cursor
        accepted(await admin.patch(f"/users/{maintainer.id}", json={"role": "reporter"}))
        for listener in sockets:
            await listener.until(lambda frame: frame["type"] == "reset", AT_ONCE)
        told = len(sockets[0].event_ids)
        await reporter.open_issue("Not for them")
        own = await maintainer.open_issue("For them")
        for listener in sockets:
            assert [event["issue_id"] for event in await listener.events(1)] == [own["id"]]
        assert len(sockets[0].event_ids) == told + 1
    async with listening(address, maintainer.token, before) as again:
        assert again.resets == 1
        assert again.event_ids == []


async def test_a_promoted_reporter_begins_anew_and_hears_all(
    address: str, twin: str, admin: Person, reporter: Person, stranger: Person
) -> None:
    async with both(address, twin, reporter.token) as sockets:
        accepted(await admin.patch(f"/users/{reporter.id}", json={"role": "maintainer"}))
        for listener in sockets:
            await listener.until(lambda frame: frame["type"] == "reset", AT_ONCE)
        cursor = sockets[0].cursor
        issue = await stranger.open_issue()
        for listener in sockets:
            assert [event["issue_id"] for event in await listener.events(1)] == [issue["id"]]
    async with listening(address, reporter.token, cursor) as again:
        assert len(again.event_ids) == 1


async def test_a_new_name_or_address_changes_nothing(address: str, admin: Person, reporter: Person) -> None:
    async with listening(address, reporter.token) as listener:
        accepted(await admin.patch(f"/users/{reporter.id}", json={"full_name": "Robert Reporter"}))
        await listener.silence(0.5)


ENDS: dict[str, Callable[[Person, Person, str], Awaitable[Response]]] = {
    "logout": lambda person, _admin, _device: person.post("/users/logout"),
    "logout everywhere": lambda person, _admin, _device: person.post("/users/logout/all"),
    "revoked device": lambda person, _admin, device: person.delete(f"/users/me/sessions/{device}"),
    "deactivated": lambda person, admin, _device: admin.delete(f"/users/{person.id}"),
    "switched off": lambda person, admin, _device: admin.patch(f"/users/{person.id}", json={"is_active": False}),
    "password reset": lambda person, admin, _device: admin.patch(f"/users/{person.id}", json={"password": "x" * 12}),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_an_ended_session_closes_its_sockets_everywhere(
    end: Callable[[Person, Person, str], Awaitable[Response]],
    address: str,
    twin: str,
    admin: Person,
    reporter: Person,
) -> None:
    [device] = accepted(await reporter.get("/users/me/sessions"))
    async with both(address, twin, reporter.token) as sockets:
        assert (await end(reporter, admin, device["id"])).is_success
        for listener in sockets:
            assert await listener.closed(AT_ONCE) == SIGNED_OUT


async def test_a_new_password_closes_the_sockets_of_other_devices_only(
    address: str, twin: str, app: Litestar, reporter: Person
) -> None:
    elsewhere = await another_device(app, reporter)
    async with both(address, twin, elsewhere) as others, both(address, twin, reporter.token) as own:
        change = {"current_password": PASSWORD, "new_password": "a better horse"}
        assert (await reporter.post("/users/me/password", json=change)).status_code == 204
        for listener in others:
            assert await listener.closed(AT_ONCE) == SIGNED_OUT
        await reporter.open_issue()
        for listener in own:
            await listener.events(1)


async def test_logging_out_leaves_the_other_device_alone(address: str, app: Litestar, reporter: Person) -> None:
    elsewhere = await another_device(app, reporter)
    async with listening(address, elsewhere) as other, listening(address, reporter.token) as own:
        await reporter.post("/users/logout")
        assert await own.closed(AT_ONCE) == SIGNED_OUT
        await other.silence(0.5)


async def test_a_session_that_ended_opens_no_socket(address: str, reporter: Person) -> None:
    token = reporter.token
    await reporter.post("/users/logout")
    async with knocking(address) as listener:
        await listener.send({"type": "auth", "token": token})
        assert await listener.closed() == SIGNED_OUT


async def test_an_expired_token_closes_the_socket(address: str, app: Litestar, reporter: Person) -> None:
    async with listening(address, short_lived(app, reporter, seconds=2)) as listener:
        start = time.monotonic()
        assert await listener.closed(4) == SIGNED_OUT
        assert 0.5 < time.monotonic() - start < 3


async def test_a_fresh_token_keeps_the_socket_open(address: str, app: Litestar, reporter: Person) -> None:
    async with listening(address, short_lived(app, reporter, seconds=2)) as listener:
        await listener.sign_in(short_lived(app, reporter, seconds=4))
        await listener.silence(2.5)
        await reporter.open_issue()
        await listener.events(1)
        assert await listener.closed(4) == SIGNED_OUT


async def test_without_redis_the_sweep_finds_out(
    settings: Settings, admin: Person, maintainer: Person, reporter: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.realtime.hub.SWEEP_SECONDS", 0.5)
    alone = create_app(msgspec.structs.replace(settings, redis_url=None))
    async with (
        alone.lifespan(),
        serving(alone) as lonely,
        listening(lonely, maintainer.token) as demoted,
        listening(lonely, reporter.token) as ended,
    ):
        await reporter.post("/users/logout")
        assert await ended.closed(AT_ONCE) == SIGNED_OUT
        accepted(await admin.patch(f"/users/{maintainer.id}", json={"role": "reporter"}))
        await demoted.until(lambda frame: frame["type"] == "reset", AT_ONCE)


async def test_events_that_wait_are_taken_back_from_a_demoted_reader(
    address: str, app: Litestar, admin: Person, maintainer: Person, reporter: Person
) -> None:
    """Between the demotion and its being noticed, nothing that is queued for the old role is sent any more."""
    async with listening(address, maintainer.token) as listener:
        [connection] = app.state.live.hub._sockets_of([maintainer.id])
        async with app.state.sessions() as session:
            await session.execute(text("UPDATE users SET role = 'reporter' WHERE id = :id"), {"id": maintainer.id})
            await session.commit()
        connection._queue.append(("events", b'{"secret":true}', app.state.live.feed.place))
        app.state.live.hub.suspect([maintainer.id])
        await listener.until(lambda frame: frame["type"] == "reset", AT_ONCE)
        assert "secret" not in "".join(listener.raw)


async def another_device(app: Litestar, person: Person) -> str:
    sessions: async_sessionmaker[AsyncSession] = app.state.sessions
    async with sessions() as session:
        session_id = await session.scalar(
            text("""
                INSERT INTO sessions (user_id, user_agent, ip, expires_at)
                VALUES (:id, 'other', '', now() + interval '1 day') RETURNING id
            """),
            {"id": person.id},
        )
        await session.commit()
    return app.state.tokens.issue(person.id, session_id)


def short_lived(app: Litestar, person: Person, seconds: int) -> str:
    """Another access token of the same session that ends sooner."""
    settings = msgspec.structs.replace(app.state.settings, access_token_seconds=seconds)
    session_id = app.state.tokens.read(person.token).session_id
    return Tokens(settings).issue(person.id, session_id)
