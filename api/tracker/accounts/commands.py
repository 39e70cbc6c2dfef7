"""`tracker users …`."""

import asyncio

import click
import msgspec

from tracker.accounts.schemas import NewUser
from tracker.accounts.users import UserService
from tracker.core.database import database_config
from tracker.core.errors import Refusal
from tracker.core.passwords import Passwords
from tracker.core.transaction import Transaction
from tracker.models import Role
from tracker.settings import Settings


@click.group()
def users() -> None:
    """Accounts."""


@users.command()
@click.option("--email", prompt=True)
@click.option("--full-name", prompt=True)
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.REPORTER.value, show_default=True
)
@click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    envvar="TRACKER_PASSWORD",
    help="Asked for when left out; better than an option is TRACKER_PASSWORD in the environment.",
)
def create(email: str, full_name: str, role: str, password: str) -> None:
    """Create an account."""
    fields = {"email": email, "full_name": full_name, "role": role, "password": password}
    try:
        data = msgspec.convert(fields, NewUser)
        user_id = asyncio.run(_create(data))
    except msgspec.ValidationError as error:
        raise click.ClickException(str(error).replace("`$.", "`")) from None
    except Refusal as refusal:
        reasons = [f"{error.field}: {error.message}" for error in refusal.errors or []]
        raise click.ClickException("; ".join(reasons) or refusal.detail) from None
    click.echo(f"Created {role} {data.email} with id {user_id}.")


async def _create(data: NewUser) -> int:
    database = database_config(Settings.from_environment())
    try:
        password_hash = await Passwords().hash(data.password)
        async with database.get_session() as session, Transaction(session):
            return (await UserService(session).create(data, password_hash)).id
    finally:
        await database.get_engine().dispose()
