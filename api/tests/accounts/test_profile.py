"""One's own account."""

import asyncio

import pytest
from httpx import AsyncClient

from tests.people import PASSWORD, Person, accepted, refused, sign_in


async def test_everybody_reads_and_renames_themselves(reporter: Person) -> None:
    before = accepted(await reporter.get("/users/me"))
    assert (before["id"], before["full_name"], before["role"]) == (reporter.id, reporter.name, "reporter")
    after = accepted(await reporter.patch("/users/me", json={"full_name": " Robert  Reporter "}))
    assert after == before | {"full_name": "Robert  Reporter"}
    assert accepted(await reporter.get("/users/me")) == after
    assert accepted(await reporter.patch("/users/me", json={})) == after


@pytest.mark.parametrize("field", [{"role": "admin"}, {"email": "x@example.com"}, {"is_active": True}, {"id": 1}])
async def test_nobody_changes_more_of_themselves_than_the_name(reporter: Person, field: dict[str, object]) -> None:
    refused(await reporter.patch("/users/me", json={"full_name": "Rob", **field}), 400)
    assert accepted(await reporter.get("/users/me"))["full_name"] == reporter.name


async def test_a_new_password_needs_the_current_one_and_ends_the_other_sessions(
    client: AsyncClient, reporter: Person
) -> None:
    elsewhere = (await sign_in(client, reporter.email))["access_token"]
    change = {"current_password": "wrong password", "new_password": "battery staple"}
    problem = refused(await reporter.post("/users/me/password", json=change), 400)
    assert [error["field"] for error in problem["errors"]] == ["current_password"]
    await sign_in(client, reporter.email)

    change["current_password"] = PASSWORD
    assert (await reporter.post("/users/me/password", json=change)).status_code == 204
    accepted(await reporter.get("/users/me"))
    refused(await client.get("/users/me", headers={"Authorization": f"Bearer {elsewhere}"}), 401)
    refused(await client.post("/users/token/refresh"), 401)
    refused(await client.post("/users/token", json={"email": reporter.email, "password": PASSWORD}), 401)
    await sign_in(client, reporter.email, "battery staple")


@pytest.mark.parametrize("password", ["1234567", "p" * 129, "nul\0in it"])
async def test_a_new_password_obeys_the_rules_of_registration(reporter: Person, password: str) -> None:
    change = {"current_password": PASSWORD, "new_password": password}
    problem = refused(await reporter.post("/users/me/password", json=change), 400)
    assert [error["field"] for error in problem["errors"]] == ["new_password"]


async def test_of_two_password_changes_at_once_one_is_based_on_a_wrong_password(
    client: AsyncClient, reporter: Person
) -> None:
    wishes = ["battery staple", "horse battery"]
    answers = await asyncio.gather(
        *(
            reporter.post("/users/me/password", json={"current_password": PASSWORD, "new_password": wish})
            for wish in wishes
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 400]
    (granted,) = [wish for wish, answer in zip(wishes, answers, strict=True) if answer.status_code == 204]
    await sign_in(client, reporter.email, granted)
