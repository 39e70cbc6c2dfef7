"""`Idempotency-Key`: the same write sent twice is done once and answered twice."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, refused
from tracker.models import Event, IdempotencyKey

KEY = {"Idempotency-Key": "7f4c1c1e-a"}


def same(first: Response, second: Response) -> bool:
    """Whether the answers are equal in everything that the write decided."""
    names = ("content-type", "etag", "location", "x-event-ids")
    return (first.status_code, first.content, [first.headers.get(name) for name in names]) == (
        second.status_code,
        second.content,
        [second.headers.get(name) for name in names],
    )


async def total(person: Person) -> int:
    return accepted(await person.get("/issues/"))["total"]


async def test_the_same_request_again_gets_the_first_answer(reporter: Person) -> None:
    first = await reporter.post("/issues/", json={"title": "Once"}, headers=KEY)
    second = await reporter.post("/issues/", json={"title": "Once"}, headers=KEY)
    accepted(first, 201)
    assert same(first, second)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert await total(reporter) == 1
    other_key = await reporter.post("/issues/", json={"title": "Once"}, headers={"Idempotency-Key": "other"})
    assert accepted(other_key, 201)["id"] != first.json()["id"]


async def test_ten_at_once_make_one_issue_and_ten_equal_answers(
    reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    answers = await asyncio.gather(*(reporter.post("/issues/", json={"title": "Once"}, headers=KEY) for _ in range(10)))
    accepted(answers[0], 201)
    assert all(same(answers[0], answer) for answer in answers)
    assert sorted(answer.headers.get("idempotent-replayed", "") for answer in answers) == [""] + ["true"] * 9
    assert await total(reporter) == 1
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Event)) == 1


async def test_another_request_under_the_same_key_is_refused(reporter: Person) -> None:
    issue = accepted(await reporter.post("/issues/", json={"title": "Once"}, headers=KEY), 201)
    refused(await reporter.post("/issues/", json={"title": "Twice"}, headers=KEY), 409)
    refused(await reporter.post(f"/issues/{issue['id']}/comments", json={"body": "Once"}, headers=KEY), 409)
    refused(await reporter.patch(f"/issues/{issue['id']}", json={"title": "Once"}, headers=KEY), 409)
    refused(await reporter.post("/issues/?again", json={"title": "Twice"}, headers=KEY), 409)
    assert await total(reporter) == 1


async def test_a_trailing_slash_makes_no_other_request(reporter: Person) -> None:
    first = await reporter.post("/issues/", json={"title": "Once"}, headers=KEY)
    assert same(first, await reporter.post("/issues", json={"title": "Once"}, headers=KEY))


async def test_keys_of_different_people_have_nothing_to_do_with_each_other(reporter: Person, stranger: Person) -> None:
    answers = await asyncio.gather(
        *(person.post("/issues/", json={"title": "Once"}, headers=KEY) for person in (reporter, stranger))
    )
    assert {accepted(answer, 201)["reporter"]["id"] for answer in answers} == {reporter.id, stranger.id}
    assert accepted(await stranger.post("/issues/", json={"title": "Once"}, headers=KEY), 201) == answers[1].json()


async def test_a_key_of_more_than_24_hours_ago_is_new(
    reporter: Person, sessions: async_sessionmaker[AsyncSession]
) -> None:
    async def age(interval: str) -> None:
        async with sessions() as session:
            await session.execute(
                text("UPDATE idempotency_keys SET created_at = now() - CAST(:age AS text)::interval"),
                {"age": interval},
            )
            await session.commit()

    first = await reporter.post("/issues/", json={"title": "Once"}, headers=KEY)
    await age("23 hours 59 minutes")
    assert same(first, await reporter.post("/issues/", json={"title": "Once"}, headers=KEY))
    await age("24 hours 1 minute")
    later = await reporter.post("/issues/", json={"title": "Twice"}, headers=KEY)
    assert accepted(later, 201)["id"] != first.json()["id"]
    assert same(later, await reporter.post("/issues/", json={"title": "Twice"}, headers=KEY))


async def test_a_request_that_was_refused_left_its_key_unused(maintainer: Person) -> None:
    refused(await maintainer.post("/issues/", json={"title": ""}, headers=KEY), 400)
    refused(await maintainer.post("/issues/", json={"title": "Once", "assignee_id": 999}, headers=KEY), 400)
    accepted(await maintainer.post("/issues/", json={"title": "Once"}, headers=KEY), 201)


async def test_an_answer_to_a_maintainer_is_not_repeated_to_the_reporter_of_later(
    reporter: Person, maintainer: Person, admin: Person
) -> None:
    issue = accepted(await reporter.post("/issues/", json={"title": "Mine"}), 201)
    path, change = f"/issues/{issue['id']}", {"status": "triaged"}
    accepted(await maintainer.patch(path, json=change, headers=KEY))
    accepted(await admin.patch(f"/users/{maintainer.id}", json={"role": "reporter"}))
    refused(await maintainer.get(path), 404)
    again = await maintainer.patch(path, json=change, headers=KEY)
    assert refused(again, 409).keys() == {"type", "title", "status", "detail", "request_id"}


async def test_a_replay_needs_the_right_to_the_request(reporter: Person, admin: Person, client: AsyncClient) -> None:
    accepted(await reporter.post("/issues/", json={"title": "Once"}, headers=KEY), 201)
    refused(await client.post("/issues/", json={"title": "Once"}, headers=KEY), 401)
    assert (await admin.delete(f"/users/{reporter.id}")).status_code == 204
    refused(await reporter.post("/issues/", json={"title": "Once"}, headers=KEY), 401)


@pytest.mark.parametrize("key", ["", " ", "k" * 201, "with space", "tab\t", "\x7f"], ids=repr)
async def test_what_is_no_key_is_refused(reporter: Person, key: str) -> None:
    answer = await reporter.post("/issues/", json={"title": "Once"}, headers={"Idempotency-Key": key})
    assert [error["field"] for error in refused(answer, 400)["errors"]] == ["Idempotency-Key"]
    assert await total(reporter) == 0


Write = Callable[[Person, dict[str, Any], dict[str, str]], Any]
ADDRESS = "/issues/{issue}"
WRITES: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "edit": ("PATCH", ADDRESS, {"title": "Other"}),
    "put": ("PUT", ADDRESS, {"status": "done"}),
    "comment": ("POST", f"{ADDRESS}/comments", {"body": "Once"}),
    "edit comment": ("PATCH", f"{ADDRESS}/comments/{{comment}}", {"body": "Other"}),
    "delete comment": ("DELETE", f"{ADDRESS}/comments/{{comment}}", None),
    "delete": ("DELETE", ADDRESS, None),
    "restore": ("POST", f"{ADDRESS}/restore", None),
    "create user": ("POST", "/users/", {"email": "a@example.com", "password": "correct horse", "full_name": "A"}),
    "register": ("POST", "/users/register", {"email": "a@example.com", "password": "12345678", "full_name": "A"}),
    "change user": ("PATCH", "/users/{user}", {"full_name": "Other"}),
    "deactivate": ("DELETE", "/users/{user}", None),
    "rename": ("PATCH", "/users/me", {"full_name": "Other"}),
    "change password": (
        "POST",
        "/users/me/password",
        {"current_password": "correct horse", "new_password": "battery staple"},
    ),
    "purge": ("DELETE", "/issues/trash/{trashed}", None),
}


@pytest.mark.parametrize("name", WRITES)
async def test_every_write_honours_the_key(
    admin: Person, reporter: Person, sessions: async_sessionmaker[AsyncSession], name: str
) -> None:
    method, template, body = WRITES[name]
    issue, trashed = await admin.open_issue(), await admin.open_issue()
    comment = await admin.comment(issue["id"])
    assert (await admin.delete(f"/issues/{trashed['id']}")).status_code == 204
    address = template.format(issue=issue["id"], comment=comment["id"], user=reporter.id, trashed=trashed["id"])
    answers = [await admin.request(method, address, json=body, headers=KEY) for _ in range(2)]
    assert answers[0].status_code in {200, 201, 204}, answers[0].text
    assert same(*answers)
    assert answers[1].headers["idempotent-replayed"] == "true"
    async with sessions() as session:
        (stored,) = await session.scalars(select(IdempotencyKey))
        kept = await session.scalar(text("SELECT CAST(stored.* AS text) FROM idempotency_keys AS stored"))
    assert stored.user_id == admin.id
    assert "correct horse" not in str(kept)
