"""`API_WORKERS`: several processes at one port."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from uvicorn.config import STARTUP_FAILURE

from tests.core.test_metrics import Samples, samples, value
from tests.people import Person, client_at
from tests.processes import children_of, environment_of, gone, running_process, serving_process
from tests.realtime.listener import listening
from tracker.cli import tracker
from tracker.local.stack import free_port
from tracker.settings import Settings

SECONDS = 120
"""For all of a test: a loaded machine is slow, not wrong."""
LIVE = "/health/live"


@asynccontextmanager
async def serving_two(settings: Settings, temporary: Path) -> AsyncGenerator[tuple[Process, str]]:
    environment = environment_of(settings) | {"API_WORKERS": "2", "TMPDIR": str(temporary)}
    async with asyncio.timeout(SECONDS), serving_process(settings, environment=environment) as (keeper, address):
        await until_told(address, "process_start_time_seconds", 2)
        yield keeper, address


@asynccontextmanager
async def serving_differently(settings: Settings, difference: str) -> AsyncGenerator[tuple[Process, str]]:
    """With something in the module set to something else; what is logged can be read."""
    environment = environment_of(settings) | {"API_WORKERS": "2", "API_PORT": str(free_port())}
    code = f"from tracker import processes; from tracker.cli import main; processes.{difference}; main()"
    keeper = await asyncio.create_subprocess_exec(sys.executable, "-c", code, "serve", env=environment, stderr=PIPE)
    try:
        async with asyncio.timeout(SECONDS):
            yield keeper, f"http://127.0.0.1:{environment['API_PORT']}"
    finally:
        if keeper.returncode is None:
            keeper.terminate()
        await keeper.communicate()


async def lines_until(process: Process, text: str, times: int) -> None:
    assert process.stderr
    while times:
        line = (await process.stderr.readline()).decode()
        assert line, "it ended"
        times -= text in line


async def figures(address: str) -> Samples:
    async with client_at(address) as client:
        return await samples(client)


async def until_told(address: str, name: str, count: int) -> Samples:
    """Waits until so many series have that name: of how many processes there are."""
    while True:
        found = await figures(address)
        if len([each for each, _ in found if each == name]) == count:
            return found
        await asyncio.sleep(0.05)


async def until(address: str, name: str, expected: float) -> None:
    while value(await figures(address), name) != expected:  # noqa: ASYNC110  # nothing tells us when
        await asyncio.sleep(0.05)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def ask(address: str) -> None:
    async with client_at(address) as client:
        assert (await client.get(LIVE)).status_code == 200


def clients_of(pid: int) -> set[tuple[str, int]]:
    return {(each.raddr.ip, each.raddr.port) for each in psutil.Process(pid).net_connections("tcp") if each.raddr}


async def ask_each(address: str, processes: set[int]) -> int:
    """Connects and asks until each of them has answered; gives how often."""
    times, left = 0, set(processes)
    host, _, port = address.removeprefix("http://").partition(":")
    while left:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {LIVE} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        times += 1
        ours = writer.get_extra_info("sockname")
        left -= {pid for pid in left if ours in clients_of(pid)}
        writer.close()
    return times


def asked(found: Samples) -> float | None:
    return value(found, "tracker_http_requests_total", method="GET", route=LIVE, status="200")


async def test_figures_are_those_of_all_whoever_is_asked(settings: Settings, admin: Person, tmp_path: Path) -> None:
    async with serving_two(settings, tmp_path) as (keeper, address), AsyncExitStack() as sockets:
        for _ in range(5):
            await sockets.enter_async_context(listening(address.removeprefix("http://"), admin.token))
        times = await ask_each(address, children_of(keeper))
        await until(address, "tracker_sockets", 5)
        for _ in range(8):  # of different processes, nearly always
            found = await figures(address)
            assert asked(found) == times
            assert value(found, "tracker_http_request_duration_seconds_count", method="GET", route=LIVE) == times
            for place in "01":
                assert (value(found, "process_resident_memory_bytes", process=place) or 0) > 10e6
                assert value(found, "process_cpu_seconds_total", process=place)
            assert value(found, "tracker_database_up") == 1
            assert value(found, "tracker_build_info", version=version("issues-insights-tracker")) == 1


async def test_another_process_takes_the_place_of_one_that_dies(
    settings: Settings, admin: Person, maintainer: Person, tmp_path: Path
) -> None:
    async with serving_two(settings, tmp_path) as (keeper, address):
        first, second = children_of(keeper)
        times = await ask_each(address, {first, second})
        async with AsyncExitStack() as sockets:
            ours: set[tuple[str, int]] = set()
            for token in [admin.token, maintainer.token] * 5:  # more of each, one process would not have
                listener = await sockets.enter_async_context(listening(address.removeprefix("http://"), token))
                ours.add(listener.connection.local_address)
            await until(address, "tracker_sockets", 10)
            os.kill(first, signal.SIGKILL)
            while not (others := children_of(keeper) - {first, second}):  # noqa: ASYNC110  # nothing tells us when
                await asyncio.sleep(0.05)
            found = await until_told(address, "process_start_time_seconds", 2)
            assert value(found, "tracker_sockets") == len(
                ours & clients_of(second)
            )  # the others are gone with the first
            assert asked(found) == times  # what it had counted is not
            times += await ask_each(address, {second, *others})
            assert asked(await figures(address)) == times


async def test_killing_a_process_loses_no_request_that_it_had_not_taken(settings: Settings) -> None:
    async with serving_differently(settings, "LEAST_SECONDS = 0") as (keeper, address):
        await lines_until(keeper, "Application startup complete.", 2)
        first, second = children_of(keeper)
        os.kill(first, signal.SIGSTOP)
        os.kill(second, signal.SIGSTOP)
        host, port = address.removeprefix("http://").split(":")
        waiting = [await asyncio.open_connection(host, int(port)) for _ in range(20)]
        for _, writer in waiting:
            writer.write(f"GET {LIVE} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        os.kill(first, signal.SIGKILL)
        await gone(first)
        os.kill(second, signal.SIGCONT)
        for reader, writer in waiting:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()


async def test_nobody_is_left_when_the_one_who_keeps_them_is_killed(settings: Settings, tmp_path: Path) -> None:
    async with serving_two(settings, tmp_path) as (keeper, _):
        children = children_of(keeper)
        assert len(children) == 2
        assert names_in(tmp_path)
        keeper.kill()
        await asyncio.gather(*map(gone, children))
        assert not names_in(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_all_stop_when_told_to(settings: Settings, tmp_path: Path, number: signal.Signals) -> None:
    async with serving_two(settings, tmp_path) as (keeper, _):
        children = children_of(keeper)
        keeper.send_signal(number)
        await asyncio.gather(*map(gone, children))
        assert await keeper.wait() == 0
        assert not names_in(tmp_path)


async def test_a_process_that_hangs_keeps_nobody_from_stopping(settings: Settings) -> None:
    async with serving_differently(settings, "STOP_SECONDS = 2") as (keeper, _):
        await lines_until(keeper, "Application startup complete.", 2)
        children = children_of(keeper)
        os.kill(min(children), signal.SIGSTOP)
        keeper.terminate()
        await asyncio.gather(*map(gone, children))
        assert await keeper.wait() == 0


async def test_a_process_that_hangs_is_replaced(settings: Settings) -> None:
    async with serving_differently(settings, "IDLE_SECONDS = 2") as (keeper, address):
        await lines_until(keeper, "Application startup complete.", 2)
        before = children_of(keeper)
        os.kill(min(before), signal.SIGSTOP)
        await lines_until(keeper, "Application startup complete.", 1)
        assert len(children_of(keeper) - before) == 1
        await ask(address)


async def test_a_process_that_works_hard_is_left_alone_for_longer_than_one_that_sleeps() -> None:
    code = """
import socket, time
from tracker import processes

processes.IDLE_SECONDS = 1

def work(place, door, beat):
    beat()
    began = time.monotonic()
    while time.monotonic() < began + 4:
        pass
    print("worked", flush=True)
    time.sleep(60)

processes.Keeper(1, work, lambda place: print("ended", flush=True), door=socket.socket).keep()
"""
    async with asyncio.timeout(SECONDS):
        keeper = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=PIPE)
        assert keeper.stdout
        try:
            told = [(await keeper.stdout.readline()).decode().strip() for _ in range(2)]
            assert told == ["worked", "ended"]
        finally:
            keeper.terminate()
            await keeper.communicate()


async def test_what_can_not_start_ends_and_says_why(settings: Settings) -> None:
    async with serving_differently(settings, "create_app = None") as (keeper, _):
        _, told = await keeper.communicate()
        assert keeper.returncode == 1
        assert b"'NoneType' object is not callable" in told


async def test_a_port_that_is_taken_is_told_at_once(settings: Settings, tmp_path: Path) -> None:
    async with serving_two(settings, tmp_path) as (_, address):
        environment = environment_of(settings) | {"API_WORKERS": "2", "API_PORT": address.rpartition(":")[2]}
        async with running_process("serve", environment=environment) as second:
            assert await second.wait() == STARTUP_FAILURE
        await ask(address)


def test_files_that_change_are_taken_over_by_one_process(settings: Settings) -> None:
    environment = environment_of(settings) | {"API_WORKERS": "2"}
    result = CliRunner().invoke(tracker, ["serve", "--reload"], env=environment)
    assert result.exit_code == 2
    assert "leave out API_WORKERS, or set it to 1" in result.output
