"""No change of a row may look through a whole table for the rows that refer to it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

# An index serves if it begins with the key's columns and holds all rows, or all but those that refer to nothing.
UNINDEXED = text("""
    SELECT conrelid::regclass || '.' || conname FROM pg_constraint
    WHERE contype = 'f' AND NOT EXISTS (
        SELECT FROM pg_index
        WHERE indrelid = conrelid AND indisvalid
          AND conkey = (string_to_array(indkey::text, ' ')::smallint[])[1:cardinality(conkey)]
          AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) LIKE '(% IS NOT NULL)')
    )
""")


async def test_every_foreign_key_has_its_index(sessions: async_sessionmaker[AsyncSession]) -> None:
    async with sessions() as session:
        keys = await session.scalar(text("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"))
        assert keys > 5
        assert list(await session.scalars(UNINDEXED)) == []
