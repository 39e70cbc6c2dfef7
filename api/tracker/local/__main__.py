"""`python -m tracker.local run | stack`: what `make run`, `make dev` and the browser tests start."""

import json
import signal
import sys
from types import FrameType

import click

from tracker.local.claim import claim, claimed_temporary_directory
from tracker.local.stack import REPOSITORY, Stack, free_port, prepared, supervise

_DATA = REPOSITORY / ".local"
_DEMO_ROLES = ("admin", "maintainer", "reporter")
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.group()
def main() -> None:
    """The tracker on this machine."""
    for number in _STOP_SIGNALS:
        signal.signal(number, _stop)


@main.command()
@click.option("--reload", is_flag=True, help="Take changed files over at once.")
@click.option("--api-port", envvar="API_PORT", default=8000, show_default=True)
@click.option("--web-port", envvar="WEB_PORT", default=8080, show_default=True)
def run(*, reload: bool, api_port: int, web_port: int) -> None:
    """Run everything, with its data in .local/, until Ctrl-C."""
    _DATA.mkdir(mode=0o700, exist_ok=True)
    with (
        claim(_DATA),
        prepared(_DATA, api_port=api_port, web_port=web_port, durable=True, output=sys.stdout) as stack,
    ):
        sys.exit(supervise(stack, reload=reload, output=sys.stdout, on_ready=lambda: click.echo(_welcome(stack))))


@main.command()
def stack() -> None:
    """Run everything on free ports and throw-away data, until stdin is closed or a signal comes.

    One line of JSON with the addresses goes to stdout when API and web answer, all else to stderr.
    """
    ports = {"api_port": free_port(), "web_port": free_port()}
    with (
        claimed_temporary_directory() as directory,
        prepared(directory, **ports, durable=False, output=sys.stderr) as throw_away,
    ):

        def announce() -> None:
            click.echo(_addresses(throw_away))

        sys.exit(supervise(throw_away, reload=False, output=sys.stderr, on_ready=announce, lifeline=sys.stdin))


def _stop(number: int, _frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not cut the stopping short.
    for each in _STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _welcome(stack: Stack) -> str:
    accounts = "\n".join(f"    {role}@example.com / {role}123" for role in _DEMO_ROLES)
    return f"""
    Issues & Insights Tracker: http://localhost:{stack.environment["WEB_PORT"]}
    API documentation:         http://localhost:{stack.environment["API_PORT"]}/schema

{accounts}

    Ctrl-C stops everything.
"""


def _addresses(stack: Stack) -> str:
    return json.dumps(
        {
            "web_url": stack.web_url,
            "api_url": stack.api_url,
            "database_url": stack.environment["DATABASE_URL"],
            "redis_url": stack.environment["REDIS_URL"],
        }
    )


if __name__ == "__main__":
    main()
