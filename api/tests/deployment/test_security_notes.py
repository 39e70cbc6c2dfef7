"""What SECURITY.md says of dependencies holds."""

import re
from importlib.metadata import version

from tracker.local.stack import REPOSITORY

FLOORS = re.findall(
    r"^\| (Litestar|PyJWT|redis|asyncpg) ([0-9.]+) \|", (REPOSITORY / "SECURITY.md").read_text(), re.MULTILINE
)


def numbers(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]


def test_nothing_below_its_floor_is_declared_or_installed() -> None:
    declared = dict(re.findall(r'"([a-z]+)(?:\[\w+\])?>=([0-9.]+)', (REPOSITORY / "pyproject.toml").read_text()))
    assert len(FLOORS) == 4
    for name, floor in FLOORS:
        assert numbers(declared[name.lower()]) >= numbers(floor), name
        assert numbers(version(name)) >= numbers(floor), name
