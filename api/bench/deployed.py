"""The stack as people far away meet it, by https and HTTP/2, until it is told to stop: for `make bench-web`.

One line of JSON with the addresses goes to stdout when all of it answers, as from `python -m tracker.local stack`.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.proxy import nginx, self_signed
from tracker.local.stack import REPOSITORY


async def deploy() -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    command = (sys.executable, "-m", "tracker.local", "stack")
    # Its stdin is its lifeline: it ends with this process, however that ends.
    stack = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
    try:
        line = await stack.stdout.readline() if stack.stdout else b""
        if not line:
            raise click.ClickException("the stack does not start")
        addresses = json.loads(line)
        replica = addresses["api_url"].removeprefix("http://")
        with TemporaryDirectory() as directory:
            certificate, key = map(str, self_signed(Path(directory)))
            root = REPOSITORY / "web" / "build"
            async with nginx([replica], root=root, TLS_CERTIFICATE=certificate, TLS_KEY=key) as proxy:
                click.echo(json.dumps({**addresses, "web_url": f"https://{proxy.tls}"}))
                ends = [asyncio.create_task(stopped.wait()), asyncio.create_task(stack.wait())]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if stack.returncode is None:
            stack.terminate()
        await stack.wait()


if __name__ == "__main__":
    asyncio.run(deploy())
