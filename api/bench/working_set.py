"""Gives a database with people in it as many current issues as an app may have to hold: for `make bench-web`."""

import asyncio
import sys
from typing import Any

import asyncpg

_ISSUES = """
    INSERT INTO issues (title, status, severity, tags, tag_keys, reporter_id, assignee_id, created_at, updated_at)
    SELECT format('%s %s when the %s is %s', (ARRAY['Exports', 'Filters', 'Sign-in', 'Search', 'Uploads'])[1 + n % 5],
                  (ARRAY['stall', 'fail', 'flicker', 'take too long'])[1 + n % 4],
                  (ARRAY['disk', 'cache', 'network', 'session'])[1 + n / 4 % 4],
                  (ARRAY['full', 'away', 'slow'])[1 + n / 16 % 3]),
           (ARRAY['open', 'triaged', 'in_progress'])[1 + n % 3]::issue_status,
           (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4]::issue_severity,
           tags.tags, tags.tags, people.ids[1 + n % cardinality(people.ids)], people.ids[1 + n % 3],
           now() - n * interval '1 hour', now() - n * interval '30 minutes'
    FROM generate_series(1, $1::int) AS n,
         LATERAL (SELECT ARRAY['area' || n % 12] AS tags) AS tags,
         (SELECT array_agg(id ORDER BY id) AS ids FROM users) AS people
"""


async def fill(url: str, issues: int) -> None:
    connect: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    connection = await connect(url)
    try:
        await connection.execute(_ISSUES, issues)
        await connection.execute("ANALYZE issues")
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(fill(sys.argv[1], int(sys.argv[2])))
