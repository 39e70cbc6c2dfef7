"""Opening accounts."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.conftest import Installed
from tests.people import PASSWORD_HASH, Person, accepted, refused
from tracker.models import Role, User


def registration(**changed: Any) -> dict[str, Any]:
    return {"email": "ann@example.com", "password": "correct horse", "full_name": "Ann Lee"} | changed


async def test_the_first_account_may_be_an_admin_and_the_second_may_not(client: AsyncClient) -> None:
    first = accepted(await client.post("/users/register", json=registration(role="admin")), 201)
    assert (first["role"], first["is_active"]) == ("admin", True)
    second = registration(email="bob@example.com", role="admin")
    refused(await client.post("/users/register", json=second), 403)


InStep = Callable[[int], None]


@pytest.fixture
def in_step(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> InStep:
    """Lets so many registrations come to the database at once: hashing lets them through a few at a time."""

    def meet(count: int) -> None:
        barrier = asyncio.Barrier(count)

        async def wait_for_all(_: str) -> str:
            await barrier.wait()
            return PASSWORD_HASH

        monkeypatch.setattr(app.state.passwords, "hash", wait_for_all)

    return meet


async def test_of_twenty_people_who_open_an_installation_together_one_becomes_admin(
    client: AsyncClient, sessions: async_sessionmaker[AsyncSession], in_step: InStep
) -> None:
    in_step(20)
    people = [registration(email=f"p{number}@example.com", role="admin") for number in range(20)]
    answers = await asyncio.gather(*(client.post("/users/register", json=person) for person in people))
    assert sorted(answer.status_code for answer in answers) == [201] + [403] * 19
    async with sessions() as session:
        assert list(await session.scalars(select(User.role))) == [Role.ADMIN]


async def test_people_who_register_together_on_an_empty_installation_all_get_accounts(
    client: AsyncClient, in_step: InStep
) -> None:
    in_step(10)
    people = [registration(email=f"p{number}@example.com") for number in range(10)]
    answers = await asyncio.gather(*(client.post("/users/register", json=person) for person in people))
    assert [accepted(answer, 201)["role"] for answer in answers] == ["reporter"] * 10


@pytest.mark.parametrize("role", ["maintainer", "admin"])
async def test_only_admins_give_roles(client: AsyncClient, admin: Person, maintainer: Person, role: str) -> None:
    body = registration(role=role)
    for stranger in (client, maintainer):
        refused(await stranger.post("/users/register", json=body), 403)
    assert accepted(await admin.post("/users/register", json=body), 201)["role"] == role


async def test_a_stranger_becomes_a_reporter_with_or_without_saying_so(client: AsyncClient, admin: Person) -> None:
    unsaid = accepted(await client.post("/users/register", json=registration()), 201)
    said = accepted(
        await client.post("/users/register", json=registration(email="bob@example.com", role="reporter")), 201
    )
    assert (unsaid["role"], said["role"]) == ("reporter", "reporter")
    assert set(unsaid) == {"id", "email", "full_name", "role", "is_active", "created_at"}


async def test_a_token_that_is_not_valid_is_not_taken_for_no_token(client: AsyncClient, admin: Person) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    refused(await client.post("/users/register", json=registration(), headers=headers), 401)


async def test_closed_registration_is_open_to_admins_only(
    installed: Installed, admin: Person, maintainer: Person
) -> None:
    closed = await installed(open_registration=False)
    refused(await closed.post("/users/register", json=registration()), 403)
    for person, status in ((maintainer, 403), (admin, 201)):
        answer = await closed.post("/users/register", json=registration(), headers=person.headers)
        assert answer.status_code == status


async def test_closed_registration_lets_the_first_account_open_the_installation(installed: Installed) -> None:
    closed = await installed(open_registration=False)
    accepted(await closed.post("/users/register", json=registration(role="admin")), 201)
    refused(await closed.post("/users/register", json=registration(email="bob@example.com")), 403)


async def test_an_address_has_one_account_however_it_is_written(client: AsyncClient, admin: Person) -> None:
    ann = accepted(await client.post("/users/register", json=registration(email="Ann.Lee@Example.COM")), 201)
    assert ann["email"] == "ann.lee@example.com"
    for spelling in ("ann.lee@example.com", "ANN.LEE@EXAMPLE.COM"):
        refused(await client.post("/users/register", json=registration(email=spelling)), 409)
        refused(await admin.post("/users/", json=registration(email=spelling)), 409)


async def test_one_address_registered_ten_times_at_once_gets_one_account(
    client: AsyncClient, admin: Person, sessions: async_sessionmaker[AsyncSession], in_step: InStep
) -> None:
    in_step(10)
    answers = await asyncio.gather(*(client.post("/users/register", json=registration()) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    async with sessions() as session:
        assert await session.scalar(select(func.count()).where(User.email == "ann@example.com")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "1234567"),
        ("password", "p" * 129),
        ("password", "nul\0in it"),
        ("password", None),
        ("email", ""),
        ("email", "ann"),
        ("email", "ann@example"),
        ("email", "ann@@example.com"),
        ("email", " ann@example.com"),
        ("email", "ann lee@example.com"),
        ("email", "ann@example.com\n"),
        ("email", "ann@-example.com"),
        ("email", "\u0430@example.com"),
        ("email", f"{'a' * 64}@{'b' * 186}.com"),
        ("full_name", ""),
        ("full_name", "   "),
        ("full_name", "two\nlines"),
        ("full_name", "n" * 201),
        ("role", "owner"),
        ("role", None),
    ],
)
async def test_what_is_wrong_is_named(client: AsyncClient, field: str, value: Any) -> None:
    problem = refused(await client.post("/users/register", json=registration(**{field: value})), 400)
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("password", ["12345678", "p" * 128, "пароль-пароль", "  spaces  "])
async def test_passwords_of_8_to_128_characters_work_as_they_are(client: AsyncClient, password: str) -> None:
    accepted(await client.post("/users/register", json=registration(password=password)), 201)
    credentials = {"email": "ann@example.com", "password": password}
    accepted(await client.post("/users/token", json=credentials))
    refused(await client.post("/users/token", json=credentials | {"password": password[:-1]}), 401)


async def test_unknown_and_missing_fields_are_refused(client: AsyncClient) -> None:
    refused(await client.post("/users/register", json=registration(is_active=True)), 400)
    refused(await client.post("/users/register", json={"email": "ann@example.com"}), 400)
    refused(await client.post("/users/register", data=registration()), 415)


async def test_names_are_trimmed(client: AsyncClient) -> None:
    person = accepted(await client.post("/users/register", json=registration(full_name="  Ann Lee ")), 201)
    assert person["full_name"] == "Ann Lee"
