"""Fills an empty, migrated database with issues, comments and events as years of use leave them.

Skewed as in life: few people file and do most, few tags mark most, most issues are closed and what is open is young,
a few issues hold long discussions. It takes a minute for a million, because rows are made by the database itself,
with foreign keys and indexes out of the way.
"""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import asyncpg

PASSWORD = "correct horse"  # noqa: S105  # of a database that is thrown away
ISSUES_A_REPORTER = 50
STAFF = 20
COMMON_WORD, RARE_WORD = "login", "zymurgy"
"""One stands in every fourth issue; the other in the titles of the oldest twenty only."""
COMMON_PHRASE = "hema povo"
"""Each of these words stands in most issues; next to each other, in few."""

_TABLES = ("issues", "comments", "events", "search_documents")
_TEXTS, _WORDS = 4000, 3000
_SYLLABLES = [
    "ba",
    "co",
    "di",
    "fu",
    "ga",
    "he",
    "jo",
    "ki",
    "lu",
    "ma",
    "ne",
    "po",
    "qui",
    "ra",
    "se",
    "ti",
    "vo",
    "wa",
    "xe",
    "zu",
]

_INDEXES = """
    SELECT index.indexrelid::regclass::text AS name, pg_get_indexdef(index.indexrelid) AS definition
    FROM pg_index AS index
    WHERE index.indrelid = ANY($1::regclass[])
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)
    ORDER BY name
"""
_PEOPLE = """
    INSERT INTO users (email, full_name, role, password_hash)
    SELECT 'p' || n || '@example.com', 'Person ' || n,
           CASE WHEN n = 1 THEN 'admin' WHEN n <= $1 THEN 'maintainer' ELSE 'reporter' END::user_role,
           CASE WHEN n <= 100 THEN $3 END
    FROM generate_series(1, $2) AS n
"""
_ISSUES = """
    WITH drawn AS MATERIALIZED (
        SELECT n,
               now() - ((1 - n::float / $3) * interval '1000 days') - random() * interval '5 hours' AS opened,
               random() AS fate, random() AS weight, -ln(1 - random()) * interval '6 days' AS took,
               $4 + 1 + floor(($5 - $4) * random() ^ 2)::int AS reporter, 1 + floor($4 * random() ^ 2)::int AS assignee,
               1 + floor(random() * $6)::int AS title, 1 + floor(random() * $6)::int AS body,
               CASE WHEN n % 1000 = 7 THEN 60 ELSE least(floor(-ln(1 - random()) * 1.2), 20)::int END AS comments,
               ARRAY(SELECT DISTINCT 'tag' || floor(150 * random() ^ 3)::int
                     FROM generate_series(1, (n % 4)::int)) AS tags
        FROM generate_series($1::int, $2::int) AS n
    ), fated AS (
        SELECT *, CASE WHEN fate < 0.8 AND opened + took < now() THEN 'done'
                       WHEN fate < 0.92 AND opened + took < now() THEN 'cancelled'
                       WHEN fate < 0.95 THEN 'in_progress' WHEN fate < 0.97 THEN 'triaged' ELSE 'open' END AS status
        FROM drawn
    )
    INSERT INTO issues (id, title, description, status, severity, tags, tag_keys, reporter_id, assignee_id, version,
                        comment_count, created_at, updated_at, triaged_at, closed_at)
    OVERRIDING SYSTEM VALUE
    SELECT fated.n, CASE WHEN fated.n <= 20 THEN '{rare} ' ELSE '' END || left(titles.body, 60), bodies.body, status::issue_status,
           CASE WHEN weight < 0.3 THEN 'low' WHEN weight < 0.75 THEN 'medium'
                WHEN weight < 0.95 THEN 'high' ELSE 'critical' END::issue_severity,
           fated.tags, fated.tags, reporter, CASE WHEN status <> 'open' THEN assignee END, 2, comments, opened,
           least(now(), opened + took * 1.5),
           CASE WHEN status <> 'open' THEN least(now(), opened + took * 0.2) END,
           CASE WHEN status IN ('done', 'cancelled') THEN opened + took END
    FROM fated JOIN texts AS titles ON titles.n = title JOIN texts AS bodies ON bodies.n = fated.body
""".replace("{rare}", RARE_WORD)
_COMMENTS = """
    INSERT INTO comments (issue_id, author_id, body, created_at)
    SELECT issues.id, CASE WHEN number % 2 = 1 THEN issues.reporter_id ELSE coalesce(issues.assignee_id, 1) END, texts.body,
           least(now(), issues.created_at + number * interval '3 hours')
    FROM issues CROSS JOIN LATERAL generate_series(1, issues.comment_count) AS number
    JOIN texts ON texts.n = 1 + (issues.id * 7 + number * 13) % $3
    WHERE issues.id BETWEEN $1 AND $2
"""
_EVENTS = """
    INSERT INTO events (type, issue_id, actor_id, created_at, changes)
    SELECT 'issue.created', id, reporter_id, created_at, jsonb_build_object(
        'title', jsonb_build_array(NULL, title), 'status', '[null, "open"]'::jsonb,
        'severity', jsonb_build_array(NULL, severity))
    FROM issues WHERE id BETWEEN $1 AND $2
    UNION ALL
    SELECT 'issue.updated', id, assignee_id, triaged_at, jsonb_build_object('status', jsonb_build_array(
        'open', CASE WHEN closed_at IS NULL THEN status::text ELSE 'triaged' END))
    FROM issues WHERE triaged_at IS NOT NULL AND id BETWEEN $1 AND $2
    UNION ALL
    SELECT 'issue.updated', id, assignee_id, closed_at, jsonb_build_object(
        'status', jsonb_build_array('triaged', status))
    FROM issues WHERE closed_at IS NOT NULL AND id BETWEEN $1 AND $2
    UNION ALL
    SELECT 'comment.created', issue_id, author_id, created_at, jsonb_build_object('comment_id', id)
    FROM comments WHERE issue_id BETWEEN $1 AND $2
"""
# What the triggers would have written, from texts that are read only once.
_DOCUMENTS = """
    INSERT INTO search_documents (issue_id, reporter_id, document)
    SELECT issues.id, reporter_id, search_part(title, 'A') || search_part(array_to_string(tags, ' '), 'B')
           || setweight(texts.words, 'C') || coalesce(said.words, '')
    FROM issues JOIN texts ON texts.body = description
    LEFT JOIN (
        SELECT issue_id, joined_words(texts.words) AS words FROM comments JOIN texts USING (body)
        WHERE issue_id BETWEEN $1 AND $2 GROUP BY issue_id
    ) AS said ON issue_id = issues.id
    WHERE issues.id BETWEEN $1 AND $2
"""
_NOBODYS_COUNTERS = """
    SELECT setval(pg_get_serial_sequence('issues', 'id'), (SELECT max(id) FROM issues)),
           setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users))
"""


async def fill(url: str, issues: int, *, password_hash: str | None = None) -> None:
    """Needs a superuser, for the triggers.

    Args:
        url: of the database, for asyncpg.
        issues: how many.
        password_hash: of `PASSWORD`, for the first hundred people.
    """
    people = STAFF + max(20, issues // ISSUES_A_REPORTER)
    connection, other = await connect(url), await connect(url)
    try:
        indexes = await connection.fetch(_INDEXES, _TABLES)
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['name']}")
        await connection.execute(_PEOPLE, STAFF, people, password_hash)
        await connection.execute("CREATE UNLOGGED TABLE texts (n int PRIMARY KEY, body text)")
        await connection.copy_records_to_table("texts", records=list(enumerate(_texts(), start=1)))
        await connection.execute(
            """
            ALTER TABLE texts ADD words tsvector GENERATED ALWAYS AS (search_part(body, 'D')) STORED;
            CREATE AGGREGATE joined_words (tsvector) (sfunc = tsvector_concat, stype = tsvector);
            SELECT learn_words(body) FROM texts;
            SELECT learn_words('{rare}');
            ANALYZE texts;
        """.replace("{rare}", RARE_WORD)
        )
        middle = issues // 2
        await asyncio.gather(
            _fill_range(connection, 1, middle, issues=issues, people=people),
            _fill_range(other, middle + 1, issues, issues=issues, people=people),
        )
        await connection.execute("DROP TABLE texts; DROP AGGREGATE joined_words (tsvector)")
        await connection.execute(_NOBODYS_COUNTERS)
        await asyncio.gather(_run_all(connection, indexes[::2]), _run_all(other, indexes[1::2]))
        for table in ("users", *_TABLES):
            await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()
        await other.close()


async def connect(url: str) -> Any:
    """A connection that no trigger and no lack of memory slows down."""
    connect_to: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    connection = await connect_to(url)
    await connection.execute(
        "SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'"
    )
    return connection


async def _fill_range(connection: Any, first: int, last: int, *, issues: int, people: int) -> None:
    await connection.execute("SELECT setseed(0.5)")
    await connection.execute(_ISSUES, first, last, float(issues), STAFF, people, _TEXTS)
    await connection.execute(_COMMENTS, first, last, _TEXTS)
    await connection.execute(_EVENTS, first, last)
    await connection.execute(_DOCUMENTS, first, last)


async def _run_all(connection: Any, indexes: Sequence[Any]) -> None:
    for index in indexes:
        await connection.execute(index["definition"])


def _texts() -> list[str]:
    """Paragraphs of made-up words, of which few are common and most are rare."""
    random = Random(1)  # noqa: S311  # the same texts each time
    words = ["".join(random.choices(_SYLLABLES, k=random.randint(2, 4))) for _ in range(_WORDS)]
    weights = [1 / (rank + 5) for rank in range(_WORDS)]
    return [
        " ".join(
            [*([COMMON_WORD] if number % 8 == 0 else []), *random.choices(words, weights, k=random.randint(8, 90))]
        )
        for number in range(_TEXTS)
    ]
