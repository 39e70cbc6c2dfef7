"""SQL that is made once, and run without what SQLAlchemy does for each statement.

It takes several times as long to build, look up and unpack a statement as PostgreSQL takes to answer it.
"""

from typing import Any

from sqlalchemy import BindParameter, Select, TextClause, bindparam
from sqlalchemy.dialects.postgresql import asyncpg

_DIALECT: Any = asyncpg.dialect()
_OPEN: Any = object()


def parameter(name: str, type_: Any) -> BindParameter[Any]:
    """A value that is given anew each time that a statement is run."""
    return bindparam(name, _OPEN, type_=type_)


def constant(number: int) -> BindParameter[int]:
    """A number in the SQL itself: a limit, say, that decides which plan is best, and is planned with only then."""
    return bindparam(None, number, unique=True, literal_execute=True)


class Statement:
    """A query as asyncpg takes it, with parameters."""

    def __init__(self, query: Select[Any] | TextClause, *, explained: bool = False) -> None:
        """Explained, it answers with the plan as JSON."""
        compiled: Any = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self.sql = f"EXPLAIN (FORMAT JSON) {compiled}" if explained else str(compiled)
        self._names: list[str] = compiled.positiontup or []
        processors: dict[str, Any] = compiled._bind_processors  # noqa: SLF001 (what SQLAlchemy sends values through)
        self._values = {
            name: processors[name](value) if name in processors else value
            for name, value in compiled.params.items()
            if value is not _OPEN
        }

    def arguments(self, given: dict[str, Any]) -> list[Any]:
        return [given[name] if name in given else self._values[name] for name in self._names]
