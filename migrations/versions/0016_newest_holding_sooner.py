"""Finding the newest issues that hold rare words by the index at once, and by plans that are kept."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# As in 0010, but for what the index tells: it is not asked for the newest issues first, which read all numbers of those,
# and if they were too few, for all. The form of the conditions says how to look, so that any plan made for them will do.
NEWEST_HOLDING = """
    CREATE OR REPLACE FUNCTION newest_holding(search tsquery, wanted integer, expected float8, reach bigint)
    RETURNS bigint[] STABLE LANGUAGE plpgsql AS $$
    DECLARE
        newest bigint := coalesce((SELECT max(issue_id) FROM search_documents), 0);
        found bigint[];
    BEGIN
        WHILE reach < expected LOOP
            found := ARRAY(SELECT issue_id FROM search_documents
                           WHERE ts_match_vq(document, search) AND issue_id > newest - reach
                           ORDER BY issue_id DESC LIMIT wanted);
            IF cardinality(found) >= wanted OR reach >= newest THEN
                RETURN found;
            END IF;
            reach := reach * 8;
        END LOOP;
        RETURN ARRAY(WITH holding AS MATERIALIZED (SELECT issue_id FROM search_documents WHERE document @@ search)
                     SELECT issue_id FROM holding ORDER BY issue_id DESC LIMIT wanted);
    END
    $$
"""
BEFORE = """
    CREATE OR REPLACE FUNCTION newest_holding(search tsquery, wanted integer, expected float8, reach bigint) RETURNS bigint[]
    STABLE LANGUAGE plpgsql AS $$
    DECLARE
        newest bigint := coalesce((SELECT max(issue_id) FROM search_documents), 0);
        found bigint[];
    BEGIN
        LOOP
            EXECUTE format(
                CASE WHEN reach < expected THEN
                    'SELECT ARRAY(SELECT issue_id FROM search_documents WHERE ts_match_vq(document, %L) AND issue_id > %s
                                  ORDER BY issue_id DESC LIMIT %s)'
                ELSE
                    'WITH holding AS MATERIALIZED (
                         SELECT issue_id FROM search_documents WHERE document @@ %L AND issue_id > %s)
                     SELECT ARRAY(SELECT issue_id FROM holding ORDER BY issue_id DESC LIMIT %s)'
                END, search, greatest(newest - reach, 0), wanted
            ) INTO found;
            EXIT WHEN cardinality(found) >= wanted OR reach >= newest;
            reach := reach * 8;
        END LOOP;
        RETURN found;
    END
    $$
"""


def upgrade() -> None:
    op.execute(NEWEST_HOLDING)


def downgrade() -> None:
    op.execute(BEFORE)
