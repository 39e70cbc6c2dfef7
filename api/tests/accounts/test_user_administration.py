"""Admins manage accounts."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Newcomer
from tests.people import PASSWORD, Person, accepted, refused, sign_in
from tracker.models import Role

NEW = {"email": "ann@example.com", "password": PASSWORD, "full_name": "Ann Lee"}


async def names(admin: Person, **params: Any) -> list[str]:
    """Everybody's name, page by page."""
    found: list[str] = []
    while True:
        page = accepted(await admin.get("/users/", params=params))
        found += [user["full_name"] for user in page["items"]]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


async def test_an_admin_creates_accounts_with_any_role(client: AsyncClient, admin: Person) -> None:
    for role in ("reporter", "maintainer", "admin"):
        answer = await admin.post("/users/", json=NEW | {"email": f"{role}@example.com", "role": role})
        user = accepted(answer, 201)
        assert user["role"] == role
        assert accepted(await admin.get(answer.headers["location"])) == user
        await sign_in(client, user["email"])
    assert accepted(await admin.post("/users/", json=NEW), 201)["role"] == "reporter"


async def test_accounts_are_listed_by_name_in_pages(admin: Person, newcomer: Newcomer) -> None:
    for name in ("Zoe", "Bob", "Eve", "Cid"):
        await newcomer(name)
    everybody = ["Ada Admin", "Bob", "Cid", "Eve", "Zoe"]
    assert await names(admin) == everybody
    assert await names(admin, limit=2) == everybody


async def test_namesakes_are_neither_repeated_nor_left_out(admin: Person) -> None:
    for number in range(5):
        accepted(await admin.post("/users/", json=NEW | {"email": f"ann{number}@example.com"}), 201)
    assert await names(admin, limit=2) == ["Ada Admin"] + ["Ann Lee"] * 5


async def test_no_one_else_manages_accounts(maintainer: Person, reporter: Person) -> None:
    for person in (maintainer, reporter):
        refused(await person.get("/users/"), 403)
        refused(await person.post("/users/", json=NEW), 403)
        for user_id in (reporter.id, 999):
            refused(await person.get(f"/users/{user_id}"), 403)
            refused(await person.patch(f"/users/{user_id}", json={"role": "admin"}), 403)
            refused(await person.delete(f"/users/{user_id}"), 403)


async def test_an_unknown_account_is_not_found(admin: Person) -> None:
    for address in ("/users/999", "/users/0", f"/users/{2**63}", "/users/someone"):
        refused(await admin.get(address), 404)
        refused(await admin.patch(address, json={"full_name": "Ann"}), 404)
        refused(await admin.delete(address), 404)


async def test_a_new_role_counts_from_the_next_request(admin: Person, reporter: Person, stranger: Person) -> None:
    foreign = await stranger.open_issue()
    refused(await reporter.get(f"/issues/{foreign['id']}"), 404)
    accepted(await admin.patch(f"/users/{reporter.id}", json={"role": "maintainer"}))
    accepted(await reporter.get(f"/issues/{foreign['id']}"))
    await reporter.change(foreign["id"], status="triaged")
    accepted(await admin.patch(f"/users/{reporter.id}", json={"role": "reporter"}))
    refused(await reporter.get(f"/issues/{foreign['id']}"), 404)


async def test_deactivation_counts_from_the_next_request_and_signs_out(
    client: AsyncClient, admin: Person, reporter: Person
) -> None:
    assert (await admin.delete(f"/users/{reporter.id}")).status_code == 204
    refused(await reporter.get("/users/me"), 401)
    refused(await client.post("/users/token", json={"email": reporter.email, "password": PASSWORD}), 401)
    assert accepted(await admin.get(f"/users/{reporter.id}"))["is_active"] is False
    accepted(await admin.patch(f"/users/{reporter.id}", json={"is_active": True}))
    refused(await reporter.get("/users/me"), 401)
    await sign_in(client, reporter.email)


async def test_a_password_reset_ends_all_sessions_of_the_person(
    client: AsyncClient, admin: Person, reporter: Person
) -> None:
    accepted(await admin.patch(f"/users/{reporter.id}", json={"password": "battery staple"}))
    refused(await reporter.get("/users/me"), 401)
    refused(await client.post("/users/token", json={"email": reporter.email, "password": PASSWORD}), 401)
    await sign_in(client, reporter.email, "battery staple")


async def test_only_the_fields_given_change(admin: Person, reporter: Person) -> None:
    before = accepted(await admin.get(f"/users/{reporter.id}"))
    assert accepted(await admin.patch(f"/users/{reporter.id}", json={})) == before
    renamed = accepted(await admin.patch(f"/users/{reporter.id}", json={"full_name": " Robert "}))
    assert renamed == before | {"full_name": "Robert"}
    for wrong in ({"email": "new@example.com"}, {"role": "owner"}, {"is_active": "no"}, {"password": "short"}):
        refused(await admin.patch(f"/users/{reporter.id}", json=wrong), 400)
    assert accepted(await admin.get(f"/users/{reporter.id}")) == renamed


@pytest.mark.parametrize("change", [{"role": "maintainer"}, {"role": "reporter"}, {"is_active": False}])
async def test_the_last_active_admin_stays_one(
    admin: Person, maintainer: Person, newcomer: Newcomer, change: dict[str, Any]
) -> None:
    refused(await admin.patch(f"/users/{admin.id}", json=change), 409)
    refused(await admin.delete(f"/users/{admin.id}"), 409)
    second = await newcomer("Abe Admin", Role.ADMIN)
    accepted(await second.patch(f"/users/{admin.id}", json=change))
    refused(await second.patch(f"/users/{second.id}", json=change), 409)


async def test_an_inactive_admin_is_no_other_admin(admin: Person, newcomer: Newcomer) -> None:
    second = await newcomer("Abe Admin", Role.ADMIN)
    assert (await admin.delete(f"/users/{second.id}")).status_code == 204
    refused(await admin.delete(f"/users/{admin.id}"), 409)
    accepted(await admin.patch(f"/users/{second.id}", json={"role": "reporter"}))


@pytest.mark.parametrize("change", [{"role": "maintainer"}, {"is_active": False}])
async def test_admins_who_demote_each_other_together_leave_one(newcomer: Newcomer, change: dict[str, Any]) -> None:
    admins = [await newcomer(f"Admin {number}", Role.ADMIN) for number in range(6)]
    pairs = zip(admins, admins[1:] + admins[:1], strict=True)
    answers = await asyncio.gather(*(one.patch(f"/users/{other.id}", json=change) for one, other in pairs))
    # Who was demoted before the own request came to be checked is answered 401 or 403.
    assert {answer.status_code for answer in answers} <= {200, 401, 403, 409}
    still = [one for one in admins if (await one.get("/users/")).status_code == 200]
    assert len(still) >= 1
    assert [answer.status_code for answer in answers].count(200) == len(admins) - len(still)


async def test_admins_who_resign_together_leave_one(newcomer: Newcomer) -> None:
    admins = [await newcomer(f"Admin {number}", Role.ADMIN) for number in range(6)]
    answers = await asyncio.gather(*(one.patch(f"/users/{one.id}", json={"role": "reporter"}) for one in admins))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [409]


async def test_assignable_are_active_staff_by_name_for_staff(
    admin: Person, maintainer: Person, reporter: Person, newcomer: Newcomer
) -> None:
    gone = await newcomer("Gus Gone", Role.MAINTAINER)
    assert (await admin.delete(f"/users/{gone.id}")).status_code == 204
    staff = [{"id": admin.id, "full_name": "Ada Admin"}, {"id": maintainer.id, "full_name": "Mia Maintainer"}]
    for person in (admin, maintainer):
        assert accepted(await person.get("/users/assignable")) == staff
    refused(await reporter.get("/users/assignable"), 403)
