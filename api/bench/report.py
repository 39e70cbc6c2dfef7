"""The bench's table, and how it differs from an earlier one."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from bench.load import Timing


class Measured(msgspec.Struct, kw_only=True):
    """One operation under one load."""

    issues: int
    operation: str
    caller: str
    at_once: int
    api: Timing
    floor: Timing | None
    statements: int
    """That the API sends for one request, the one that finds out who asks included."""
    sql_milliseconds: float
    """What these take, as one caller alone waits for them."""

    @property
    def key(self) -> tuple[int, str, str, int]:
        return self.issues, self.operation, self.caller, self.at_once


class Beside(msgspec.Struct, kw_only=True):
    """What is measured once for a size."""

    issues: int
    fill_seconds: float
    dashboard_milliseconds: float
    """All figures, computed; with a warm database."""
    job_milliseconds: float
    """A run of the statistics job, half an hour after the last."""
    resident_megabytes: float
    """Of the API's processes, after all that."""


class Results(msgspec.Struct):
    measured: list[Measured]
    beside: list[Beside]


def read(path: Path) -> Results:
    return msgspec.json.decode(path.read_bytes(), type=Results)


def write(results: Results, earlier: Results | None, path: Path) -> str:
    """Writes the table as Markdown and the figures as JSON beside it; gives the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _markdown(results, earlier)
    path.write_text(text)
    path.with_suffix(".json").write_bytes(msgspec.json.encode(results))
    return text


def _markdown(results: Results, earlier: Results | None) -> str:
    before = {measured.key: measured for measured in earlier.measured} if earlier else {}
    sections = ["# Requests\n"]
    for beside in results.beside:
        sections += [
            f"## {beside.issues:,} issues\n",
            (
                f"Filled in {beside.fill_seconds:.0f} s. Dashboard computed in {beside.dashboard_milliseconds:.0f} ms, "
                f"statistics job {beside.job_milliseconds:.0f} ms, API {beside.resident_megabytes:.0f} MB.\n"
            ),
            _table(
                [
                    "operation",
                    "as",
                    "at once",
                    "req/s",
                    "p50 ms",
                    "p95 ms",
                    "p99 ms",
                    "floor req/s",
                    "of floor",
                    "SQL",
                    "SQL ms",
                    "earlier",
                ],
                [_row(measured, before) for measured in results.measured if measured.issues == beside.issues],
            ),
        ]
    sizes = sorted({beside.issues for beside in results.beside})
    if len(sizes) > 1:
        sections += [f"## Growth of p50 from {sizes[0]:,} to {sizes[-1]:,} issues\n", _growth(results, sizes)]
    return "\n".join(sections)


def _row(measured: Measured, before: dict[tuple[int, str, str, int], Measured]) -> list[str]:
    floor, was = measured.floor, before.get(measured.key)
    return [
        measured.operation,
        measured.caller,
        str(measured.at_once),
        f"{measured.api.a_second:,.0f}",
        f"{measured.api.p50:.2f}",
        f"{measured.api.p95:.2f}",
        f"{measured.api.p99:.2f}",
        f"{floor.a_second:,.0f}" if floor else "-",
        f"{measured.api.a_second / floor.a_second:.0%}" if floor else "-",
        str(measured.statements),
        f"{measured.sql_milliseconds:.2f}",
        f"{measured.api.a_second / was.api.a_second - 1:+.0%}" if was else "-",
    ]


def _growth(results: Results, sizes: Sequence[int]) -> str:
    by_key = {measured.key: measured.api.p50 for measured in results.measured}
    rows: list[list[str]] = []
    for (issues, operation, caller, at_once), first in by_key.items():
        last = by_key.get((sizes[-1], operation, caller, at_once))
        if issues == sizes[0] and last:
            rows.append([operation, caller, str(at_once), f"{first:.2f}", f"{last:.2f}", f"{last / first:.2f}"])
    return _table(["operation", "as", "at once", "first ms", "last ms", "times"], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", "---", *("---:" for _ in head[2:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
