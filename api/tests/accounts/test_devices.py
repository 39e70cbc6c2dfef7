"""The list of one's sessions."""

from uuid import uuid4

from httpx import AsyncClient

from tests.people import Person, accepted, refused, sign_in


async def test_every_sign_in_is_a_session_with_its_device(client: AsyncClient, reporter: Person) -> None:
    client.headers["User-Agent"] = "Firefox/140 on Linux " + "x" * 400
    access = (await sign_in(client, reporter.email))["access_token"]
    headers = {"Authorization": f"Bearer {access}"}
    devices = accepted(await client.get("/users/me/sessions", headers=headers))
    assert [device["current"] for device in devices] == [True, False]
    assert devices[0]["user_agent"].startswith("Firefox/140 on Linux")
    assert len(devices[0]["user_agent"]) == 300
    assert devices[0]["ip"]
    assert set(devices[0]) == {"id", "user_agent", "ip", "created_at", "last_used_at", "expires_at", "current"}


async def test_refreshing_keeps_the_session_and_moves_its_time(client: AsyncClient, reporter: Person) -> None:
    await sign_in(client, reporter.email)
    (before, _) = accepted(await reporter.get("/users/me/sessions"))
    accepted(await client.post("/users/token/refresh"))
    (after, _) = accepted(await reporter.get("/users/me/sessions"))
    assert after["id"] == before["id"]
    assert after["last_used_at"] > before["last_used_at"]
    assert after["expires_at"] > before["expires_at"]


async def test_a_device_can_be_signed_out_from_another(client: AsyncClient, reporter: Person) -> None:
    access = (await sign_in(client, reporter.email))["access_token"]
    (lost,) = [device for device in accepted(await reporter.get("/users/me/sessions")) if not device["current"]]
    address = f"/users/me/sessions/{lost['id']}"
    assert (await reporter.delete(address)).status_code == 204
    refused(await client.get("/users/me", headers={"Authorization": f"Bearer {access}"}), 401)
    refused(await client.post("/users/token/refresh"), 401)
    assert len(accepted(await reporter.get("/users/me/sessions"))) == 1
    refused(await reporter.delete(address), 404)


async def test_nobody_ends_a_session_of_somebody_else(reporter: Person, stranger: Person, admin: Person) -> None:
    (device,) = accepted(await reporter.get("/users/me/sessions"))
    bodies: list[object] = []
    for person in (stranger, admin):
        for session_id in (device["id"], uuid4()):
            answer = refused(await person.delete(f"/users/me/sessions/{session_id}"), 404)
            bodies.append(answer | {"request_id": ""})
    assert all(body == bodies[0] for body in bodies)
    accepted(await reporter.get("/users/me"))
    refused(await reporter.delete("/users/me/sessions/1"), 404)
