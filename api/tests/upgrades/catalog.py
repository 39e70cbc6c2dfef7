"""A database as its catalogue describes it: what there is in it, and rows for all of it."""

from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS = 3

_COLUMNS = text("""
    SELECT relname AS table, attname AS name, format_type(atttypid, atttypmod) AS type,
           (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = atttypid) AS labels
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
      AND attgenerated = '' AND relname <> 'alembic_version'
    ORDER BY relname, attnum
""")
_UNIQUE = text("""
    SELECT indrelid::regclass || ' ' || pg_get_indexdef(indexrelid, 0, true) FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace AND indisunique AND relname <> 'alembic_version'
""")

_BY_TYPE = {
    "boolean": "true",
    "date": "2026-01-0{n}",
    "timestamp with time zone": "2026-01-0{n}T12:00:00Z",
    "jsonb": '{{"status": ["open", "done"]}}',
    "uuid": "00000000-0000-4000-8000-00000000000{n}",
    "bytea": "\\x0{n}",
    "text[]": "{{tag {n},Ünïcode}}",
    "bigint": "{n}",
    "integer": "{n}",
    "smallint": "{n}",
    "text": "{name} {n}",
    "tsvector": "'word{n}'",
}
_BY_NAME = {"seen": "{n}:{n}:"}
"""Text that has to mean something."""


class Column(msgspec.Struct, frozen=True):
    table: str
    name: str
    type: str
    labels: tuple[str, ...] = ()

    def value(self, number: int) -> str:
        """Something of its type. The same for equal types, so that rows refer to those of the same number."""
        if self.labels:
            return self.labels[number % len(self.labels)]
        return _BY_NAME.get(self.name, _BY_TYPE[self.type]).format(name=self.name, n=number)


class Catalog(msgspec.Struct, frozen=True):
    columns: tuple[Column, ...]
    unique: frozenset[str]
    """What `ON CONFLICT` may name."""

    @classmethod
    async def of(cls, connection: AsyncConnection) -> "Catalog":
        rows = (await connection.execute(_COLUMNS)).all()
        # What is numbered by transactions, nobody writes.
        columns = [Column(row.table, row.name, row.type, tuple(row.labels or ())) for row in rows if row.type != "xid8"]
        return cls(tuple(columns), frozenset(await connection.scalars(_UNIQUE)))

    @property
    def tables(self) -> dict[str, list[Column]]:
        tables: dict[str, list[Column]] = {}
        for column in self.columns:
            tables.setdefault(column.table, []).append(column)
        return tables

    async def fill(self, connection: AsyncConnection, numbers: range = range(1, ROWS + 1)) -> None:
        """Writes rows into every table, with a value in every column."""
        # They refer to each other in circles.
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, columns in self.tables.items():
            names = ", ".join(column.name for column in columns)
            values = ", ".join(f"CAST(CAST(:{column.name} AS text) AS {column.type})" for column in columns)
            statement = text(f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")
            for number in numbers:
                await connection.execute(statement, {column.name: column.value(number) for column in columns})
        await connection.execute(text("SET LOCAL session_replication_role = DEFAULT"))
        # Triggers add rows too, whose numbers must not be those of the rows above.
        sequences = "SELECT setval(format('%I.%I', schemaname, sequencename), 1000) FROM pg_sequences"
        await connection.execute(text(sequences))

    async def content(self, connection: AsyncConnection) -> dict[str, Any]:
        """Every row of every table, in its columns."""
        content: dict[str, Any] = {}
        for table, columns in self.tables.items():
            names = ", ".join(column.name for column in columns)
            query = f"SELECT to_jsonb(kept) FROM (SELECT {names} FROM {table}) AS kept ORDER BY 1"
            content[table] = list(await connection.scalars(text(query)))
        return content

    async def use(self, connection: AsyncConnection) -> None:
        """Reads, writes, changes and removes rows as code does that knows of this and of nothing else."""
        await self.fill(connection, range(ROWS + 1, 2 * ROWS + 1))
        for table, columns in self.tables.items():
            same = ", ".join(f"{column.name} = {column.name}" for column in columns)
            await connection.execute(text(f"UPDATE {table} SET {same}"))
            for column in columns:
                for label in column.labels:
                    await connection.execute(text(f"SELECT CAST('{label}' AS {column.type})"))
        await self.content(connection)
        missing = self.unique - (await Catalog.of(connection)).unique
        assert not missing
        for table in self.tables:
            await connection.execute(text(f"DELETE FROM {table}"))
