"""What the demo's issues are about, read from `areas.toml`."""

from importlib.resources import files
from random import Random
from string import Formatter
from typing import Literal

import msgspec

_COPIES = 3


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the product: what breaks there, what people wish for, what there is to tidy up."""

    tag: str
    bugs: list[str]
    wishes: list[str]
    chores: list[str]
    steps: list[str]
    log: str
    causes: list[str]


class Areas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slots: dict[str, list[str]]
    """What may stand in the place of `{name}` in any text."""
    areas: list[Area]


class Topic(msgspec.Struct, frozen=True):
    """One thing to file an issue about."""

    area: Area
    kind: Literal["bug", "wish", "chore"]
    title: str
    values: dict[str, str]
    """What the slots stand for in this issue."""


def topics(random: Random) -> list[Topic]:
    """All topics in a random order; a bug whose title has slots happens more than once."""
    told = msgspec.toml.decode((files("tracker.demo") / "areas.toml").read_bytes(), type=Areas)
    deck: list[Topic] = []
    for area in told.areas:
        for title in area.bugs:
            # Each copy takes the next choice for each slot, so that no title is there twice.
            choices = {name: random.sample(values, _COPIES) for name, values in told.slots.items()}
            copies = range(_COPIES if slots_of(title) else 1)
            deck += (Topic(area, "bug", title, {name: choices[name][copy] for name in choices}) for copy in copies)
        deck += (Topic(area, "wish", title, _any_values(random, told)) for title in area.wishes)
        deck += (Topic(area, "chore", title, _any_values(random, told)) for title in area.chores)
    random.shuffle(deck)
    return deck


def _any_values(random: Random, told: Areas) -> dict[str, str]:
    return {name: random.choice(values) for name, values in told.slots.items()}


def slots_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
