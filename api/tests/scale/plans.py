"""What PostgreSQL would read for a statement, by its own estimate."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

Node = dict[str, Any]

_WALKS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Parallel Seq Scan"}
# These take all that comes from below before they give anything.
_BLOCKING = {"Sort", "Hash", "Materialize", "WindowAgg", "SetOp", "BitmapAnd", "BitmapOr"}


class Walk(NamedTuple):
    """A part of a plan that reads a table."""

    how: str
    table: str
    rows: float

    def __str__(self) -> str:
        return f"{self.how} of {self.table}: {self.rows:.0f} rows"


def _is_kept(subplan: Node, node: Node) -> bool:
    """Whether it is run once, and what it gives looked up for each row."""
    return any(f"hashed {subplan.get('Subplan Name')})" in str(value) for value in node.values())


async def plan_of(connection: Any, statement: str, arguments: Any) -> Node:
    found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *arguments)
    return json.loads(found)[0]["Plan"]


def walks(node: Node, sizes: dict[str, float], share: float = 1, times: float = 1) -> Iterator[Walk]:
    """All of them, each with how many rows it reads.

    Args:
        node: the top of the plan.
        sizes: how many rows there are in each table and partial index.
        share: of what the node would give, how much is asked for: a limit above stops it early.
        times: how often the node is run.
    """
    kind = node["Node Type"]
    rows: float = max(node["Plan Rows"], 1)
    if kind in _WALKS:
        index = node.get("Index Name")
        is_whole = "Index Cond" not in node and kind != "Bitmap Heap Scan"
        read = sizes.get(str(index or node["Relation Name"]), rows) if is_whole else rows
        how = kind + (f" by {index}" if index else "") + (" without condition" if index and is_whole else "")
        yield Walk(how, node["Relation Name"], max(read, 1.0) * share * times)
    within = 1.0 if kind in _BLOCKING or (kind == "Aggregate" and node.get("Strategy") != "Sorted") else share
    outer = 1.0
    for child in node.get("Plans", []):
        relation = child["Parent Relationship"]
        if relation == "InitPlan" or _is_kept(child, node):
            yield from walks(child, sizes)
        elif relation == "SubPlan":
            yield from walks(child, sizes, times=times * rows * share)
        elif relation == "Inner" and kind == "Nested Loop":
            # What is kept in memory is read once, and only then again and again.
            again = 1.0 if child["Node Type"] == "Materialize" else outer * within
            yield from walks(child, sizes, times=times * again)
        else:
            some = min(1.0, rows / max(child["Plan Rows"], 1)) if kind == "Limit" else 1.0
            outer = max(child["Plan Rows"], 1)
            yield from walks(child, sizes, within * some, times)
