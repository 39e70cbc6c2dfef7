"""Staying signed in by the refresh cookie."""

import asyncio
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from httpx import AsyncClient, Response
from litestar import Litestar
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import PASSWORD, Person, accepted, refused, sign_in, transport_to
from tracker.accounts.sessions import SessionService, SignedIn
from tracker.models import RefreshToken, Session

COOKIE = "refresh_token"


def cookie_of(response: Response) -> Morsel[str]:
    return SimpleCookie(response.headers["set-cookie"])[COOKIE]


async def refresh(client: AsyncClient, token: str) -> Response:
    """As a browser that holds this cookie, whatever the client has got since."""
    client.cookies.clear()
    return await client.post("/users/token/refresh", headers={"Cookie": f"{COOKIE}={token}"})


async def works(client: AsyncClient, access_token: str) -> bool:
    answer = await client.get("/users/me", headers={"Authorization": f"Bearer {access_token}"})
    return answer.status_code == 200


async def signed_in_cookie(client: AsyncClient, person: Person) -> str:
    await sign_in(client, person.email)
    return client.cookies[COOKIE]


async def test_each_refresh_gives_the_next_cookie(client: AsyncClient, reporter: Person) -> None:
    tokens = [await signed_in_cookie(client, reporter)]
    for _ in range(3):
        answer = await client.post("/users/token/refresh")
        assert await works(client, accepted(answer)["access_token"])
        assert answer.headers["cache-control"] == "no-store"
        tokens.append(cookie_of(answer).value)
    assert len(set(tokens)) == 4


async def test_a_reused_cookie_ends_the_whole_session(client: AsyncClient, reporter: Person) -> None:
    stolen = await signed_in_cookie(client, reporter)
    access = accepted(await refresh(client, stolen))["access_token"]
    successor = client.cookies[COOKIE]
    assert await works(client, access)
    refused(await refresh(client, stolen), 401)
    refused(await refresh(client, successor), 401)
    assert not await works(client, access)


async def test_a_reused_cookie_leaves_other_sessions_alone(client: AsyncClient, reporter: Person) -> None:
    other = await signed_in_cookie(client, reporter)
    stolen = await signed_in_cookie(client, reporter)
    accepted(await refresh(client, stolen))
    refused(await refresh(client, stolen), 401)
    accepted(await refresh(client, other))


async def test_tabs_that_refresh_together_all_get_an_access_token(client: AsyncClient, reporter: Person) -> None:
    shared = await signed_in_cookie(client, reporter)
    answers = await asyncio.gather(*(refresh(client, shared) for _ in range(8)))
    for answer in answers:
        assert await works(client, accepted(answer)["access_token"])
    (next_cookie,) = [cookie_of(answer).value for answer in answers if "set-cookie" in answer.headers]
    accepted(await refresh(client, next_cookie))


async def test_a_tab_that_is_overtaken_while_it_waits_is_not_taken_for_a_thief(
    app: Litestar, client: AsyncClient, reporter: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = await signed_in_cookie(client, reporter)
    arrived, go_on = asyncio.Event(), asyncio.Event()
    look_up = SessionService.refresh

    async def wait_and_look_up(self: SessionService, *args: Any, **kwargs: Any) -> SignedIn:
        arrived.set()
        await go_on.wait()
        return await look_up(self, *args, **kwargs)

    monkeypatch.setattr(SessionService, "refresh", wait_and_look_up)
    slow = asyncio.create_task(refresh(client, shared))
    await arrived.wait()
    monkeypatch.undo()
    accepted(await refresh(client, shared))
    successor = client.cookies[COOKIE]
    go_on.set()
    assert await works(client, accepted(await slow)["access_token"])
    accepted(await refresh(client, successor))


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(
    client: AsyncClient, app: Litestar, reporter: Person
) -> None:
    credentials = {"email": reporter.email, "password": PASSWORD}
    plain = cookie_of(await client.post("/users/token", json=credentials))
    assert plain["httponly"]
    assert plain["samesite"].lower() == "strict"
    assert plain["path"] == "/"
    assert not plain["domain"]
    assert int(plain["max-age"]) == 30 * 86_400
    assert not plain["secure"]
    async with AsyncClient(transport=transport_to(app), base_url="https://test") as secure_client:
        secure = await secure_client.post("/users/token", json=credentials)
        assert cookie_of(secure)["secure"]
        assert cookie_of(await secure_client.post("/users/token/refresh"))["secure"]


async def test_another_site_can_neither_refresh_nor_sign_out(client: AsyncClient, reporter: Person) -> None:
    await signed_in_cookie(client, reporter)
    for path in ("/users/token/refresh", "/users/logout"):
        refused(await client.post(path, headers={"Sec-Fetch-Site": "cross-site"}), 403)
    for site in ("same-origin", "same-site", "none"):
        accepted(await client.post("/users/token/refresh", headers={"Sec-Fetch-Site": site}))


async def test_without_a_cookie_or_with_a_foreign_one_there_is_nothing_to_refresh(client: AsyncClient) -> None:
    refused(await client.post("/users/token/refresh"), 401)
    for token in ("x", "a" * 43, "a" * 200):
        refused(await refresh(client, token), 401)
    refused(await refresh(client, "a" * 201), 400)


async def test_signing_out_ends_access_and_refresh_at_once(client: AsyncClient, reporter: Person) -> None:
    access = (await sign_in(client, reporter.email))["access_token"]
    token = client.cookies[COOKIE]
    answer = await client.post("/users/logout", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 204
    assert cookie_of(answer)["max-age"] == "0"
    assert COOKIE not in client.cookies
    assert not await works(client, access)
    refused(await refresh(client, token), 401)


async def test_the_cookie_alone_signs_out_too(client: AsyncClient, reporter: Person) -> None:
    access = (await sign_in(client, reporter.email))["access_token"]
    assert (await client.post("/users/logout")).status_code == 204
    assert not await works(client, access)
    refused(await client.post("/users/logout"), 401)


async def test_signing_out_everywhere_ends_all_sessions_of_that_person_only(
    client: AsyncClient, reporter: Person, stranger: Person
) -> None:
    devices = [(await sign_in(client, reporter.email))["access_token"] for _ in range(3)]
    other = (await sign_in(client, stranger.email))["access_token"]
    answer = await client.post("/users/logout/all", headers={"Authorization": f"Bearer {devices[0]}"})
    assert answer.status_code == 204
    assert [await works(client, access) for access in devices] == [False] * 3
    assert await works(client, other)


async def test_an_expired_session_is_over(
    client: AsyncClient, reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    access = (await sign_in(client, reporter.email))["access_token"]
    async with sessions() as session:
        await session.execute(update(Session).values(expires_at=text("now() - interval '1 second'")))
        await session.commit()
    assert not await works(client, access)
    refused(await client.post("/users/token/refresh"), 401)


async def test_a_deactivated_person_cannot_refresh(client: AsyncClient, admin: Person, reporter: Person) -> None:
    token = await signed_in_cookie(client, reporter)
    assert (await admin.delete(f"/users/{reporter.id}")).status_code == 204
    refused(await refresh(client, token), 401)
    accepted(await admin.patch(f"/users/{reporter.id}", json={"is_active": True}))
    refused(await refresh(client, token), 401)


async def test_only_digests_of_refresh_tokens_are_stored(
    client: AsyncClient, reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    token = await signed_in_cookie(client, reporter)
    async with sessions() as session:
        (digest,) = await session.scalars(select(RefreshToken.digest))
    assert len(digest) == 32
    assert token.encode() not in digest
