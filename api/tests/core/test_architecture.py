"""Rules of the house that the source itself shows."""

import ast
from pathlib import Path

import pytest

import tracker

PACKAGE = Path(tracker.__file__).parent
SOURCES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
SQL_VERBS = {"select", "insert", "update", "delete", "text", "union", "exists"}


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """Calls of a method or function of that name."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)) == name
    ]


def imports(tree: ast.AST) -> set[str]:
    """Everything imported, as `module.name`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def sources(*suffixes: str) -> list[str]:
    return sorted(name for name in SOURCES if name.endswith(suffixes))


def test_only_the_transaction_commits() -> None:
    # What it calls is a session's own `commit`, which hands on to SQLAlchemy's.
    assert [name for name in sources(".py") if calls(SOURCES[name], "commit")] == [
        "core/session.py",
        "core/transaction.py",
    ]


def test_only_record_inserts_events() -> None:
    def inserts(tree: ast.AST) -> bool:
        """Whether events are inserted by statement, made as entities, or named in SQL text that inserts."""
        statements = [call for call in calls(tree, "insert") if "Event" in ast.dump(call)]
        texts = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and "insert into events" in " ".join(node.value.lower().split())
        ]
        entities = [call for call in calls(tree, "Event") if isinstance(call.func, ast.Name)]
        return bool(statements or texts or (entities and "tracker.models.Event" in imports(tree)))

    assert [name for name in sources(".py") if inserts(SOURCES[name])] == ["events/record.py"]


@pytest.mark.parametrize("name", sources("services.py"))
def test_services_never_see_a_request_or_a_socket(name: str) -> None:
    assert not {module for module in imports(SOURCES[name]) if module.split(".")[0] in {"litestar", "starlette"}}
    seen = {node.id for node in ast.walk(SOURCES[name]) if isinstance(node, ast.Name)}
    assert not seen & {"Request", "TrackerRequest", "WebSocket", "ASGIConnection"}


@pytest.mark.parametrize("name", sources("controllers.py", "administration.py", "sign_in.py"))
def test_controllers_write_no_sql(name: str) -> None:
    sqlalchemy = {module for module in imports(SOURCES[name]) if module.startswith(("sqlalchemy", "advanced_alchemy"))}
    assert sqlalchemy <= {"sqlalchemy.ext.asyncio.AsyncSession"}
    for verb in ("execute", "scalar", "scalars", "flush"):
        assert not calls(SOURCES[name], verb)
    assert not {f"sqlalchemy.{verb}" for verb in SQL_VERBS} & sqlalchemy


def test_no_source_is_longer_than_three_hundred_lines() -> None:
    assert [name for name in SOURCES if len((PACKAGE / name).read_text().splitlines()) > 300] == []
