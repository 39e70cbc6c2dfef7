"""Reads `matrix.md`."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec

MATRIX = Path(__file__).with_name("matrix.md")
ACTORS = ("anonymous", "own", "foreign", "maintainer", "admin", "deactivated")


class Row(msgspec.Struct, frozen=True):
    """One line of the table."""

    operation_id: str
    method: str
    path: str
    query: str
    body: Any
    """What is sent instead of the document's example; None for that."""
    state: str
    """What is special about the object."""
    expected: dict[str, int]
    """Status by actor."""

    def __str__(self) -> str:
        return " ".join(filter(None, [self.operation_id, self.state, json.dumps(self.body) if self.body else ""]))


def rows() -> list[Row]:
    lines = [line for line in MATRIX.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    headings, _, *table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert headings == ["operation", "call", "case", *ACTORS]
    return [_row(*cells) for cells in table]


def _row(operation_id: str, call: str, case: str, *statuses: str) -> Row:
    method, target = call.split(" ")
    path, _, query = target.partition("?")
    body = re.search(r"`(.+)`", case)
    return Row(
        operation_id=operation_id,
        method=method,
        path=path,
        query=query,
        body=json.loads(body[1]) if body else None,
        state=case[: body.start()].strip() if body else case,
        expected={actor: int(status) for actor, status in zip(ACTORS, statuses, strict=True) if status.isdigit()},
    )
