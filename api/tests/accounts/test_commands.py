"""`tracker users …`."""

import asyncio
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from httpx import AsyncClient

from tests.people import PASSWORD, sign_in
from tracker.cli import tracker
from tracker.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    """Runs `tracker …` against the test's database."""
    environment = {"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key}

    def run(*arguments: str, **more: str) -> Result:
        return CliRunner().invoke(tracker, arguments, env=environment | more)

    return run


async def create(run: Run, *arguments: str, **environment: str) -> Result:
    options = ["users", "create", "--email", "Ann@example.com", "--full-name", "Ann Lee", *arguments]
    # In a thread of its own, because the command runs an event loop of its own.
    return await asyncio.to_thread(run, *options, **{"TRACKER_PASSWORD": PASSWORD} | environment)


async def test_an_operator_creates_an_admin_who_can_sign_in(run: Run, client: AsyncClient) -> None:
    result = await create(run, "--role", "admin")
    assert result.exit_code == 0, result.output
    assert result.output == "Created admin ann@example.com with id 1.\n"
    access = (await sign_in(client, "ann@example.com"))["access_token"]
    answer = await client.get("/users/", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 200


async def test_without_a_role_it_is_a_reporter(run: Run, client: AsyncClient) -> None:
    result = await create(run)
    assert "Created reporter ann@example.com" in result.output


async def test_a_taken_address_and_a_short_password_are_refused_in_one_line(run: Run, client: AsyncClient) -> None:
    assert (await create(run)).exit_code == 0
    again = await create(run)
    assert again.exit_code == 1
    assert again.output.count("\n") == 1
    assert "already has an account" in again.output
    short = await create(run, TRACKER_PASSWORD="short")
    assert short.exit_code == 1
    assert "password" in short.output
    assert "Traceback" not in short.output
    assert (await create(run, "--role", "owner")).exit_code == 2
