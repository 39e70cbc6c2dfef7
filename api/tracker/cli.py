"""`tracker …`: what operators do on the command line."""

import asyncio
import sys

import asyncpg
import click
import msgspec
from alembic.util import CommandError
from litestar.serialization import encode_json
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tracker import processes, server
from tracker.accounts.commands import users
from tracker.app import create_app
from tracker.archive.commands import archive
from tracker.backup.commands import backup, restore
from tracker.core.migrations import is_migrated, migrations
from tracker.demo.commands import demo
from tracker.imports.commands import imports
from tracker.operations.commands import doctor
from tracker.search.commands import search
from tracker.settings import Settings, SettingsError
from tracker.statistics.commands import stats
from tracker.worker import job_commands, work

LOCK_NOT_AVAILABLE = "55P03"


@click.group()
def tracker() -> None:
    """Issues & Insights Tracker."""


@tracker.command()
@click.option("--revision", default="head", show_default=True, help="Where to stop.")
@click.option("--wait", type=int, metavar="SECONDS", help="Only wait, at most so long, for somebody else to do it.")
def migrate(revision: str, wait: int | None) -> None:
    """Bring the database schema up to date. It may be interrupted, and run while replicas work."""
    settings = Settings.from_environment()
    if wait is not None:
        asyncio.run(_wait_for_migrations(settings, wait))
        return
    try:
        migrations(settings).upgrade(revision)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise click.ClickException(
            "Somebody holds what the migration needs: a long transaction, a backup or another migration. It did not wait, "
            "because everybody else would have waited behind it. Run it again when they are done."
        ) from error
    except CommandError as error:
        raise click.ClickException(f"{error}. If the database is of a later version, install that one.") from error


async def _wait_for_migrations(settings: Settings, seconds: int) -> None:
    reason = "nobody has migrated the database"
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    if await is_migrated(settings):
                        return
                except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
                    reason = f"the database can't be used ({type(error).__name__})"
                await asyncio.sleep(1)
    except TimeoutError:
        raise click.ClickException(f"After {seconds} seconds {reason}.") from None


@tracker.command()
def openapi() -> None:
    """Print the OpenAPI document; needs no database."""
    app = create_app(Settings(database_url="postgresql+asyncpg://", secret_key=""))
    click.echo(msgspec.json.format(encode_json(app.openapi_schema.to_schema()), indent=1))


@tracker.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 in a container.")
@click.option("--port", envvar="API_PORT", default=8000, show_default=True)
@click.option("--reload", is_flag=True, help="For development: begin anew when a file changes.")
def serve(host: str, port: int, *, reload: bool) -> None:
    """Serve the API."""
    settings = Settings.from_environment()  # here, so that it is this process that says what is missing
    if settings.api_workers == 1:
        server.serve(host=host, port=port, trusted_proxies=settings.trusted_proxies, reload=reload)
    elif reload:
        raise click.UsageError("--reload begins one process anew: leave out API_WORKERS, or set it to 1.")
    else:
        sys.exit(
            processes.serve(host=host, port=port, trusted_proxies=settings.trusted_proxies, count=settings.api_workers)
        )


tracker.add_command(users)
tracker.add_command(demo)
tracker.add_command(imports)
tracker.add_command(search)
tracker.add_command(stats)
tracker.add_command(doctor)
tracker.add_command(backup)
tracker.add_command(restore)
tracker.add_command(archive)
tracker.add_command(work)
tracker.add_command(job_commands)


def main() -> None:
    try:
        tracker()
    except SettingsError as error:
        sys.exit(f"tracker: {error}")
