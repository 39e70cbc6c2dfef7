"""Finding the newest issues that hold rare words by the index at once."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# As in 0010, but that the index is asked for all issues at once: to ask for the newest of them first read the numbers of
# all new issues, and if too few were found, all was done again.
NEWEST_HOLDING = """
    CREATE OR REPLACE FUNCTION newest_holding(search tsquery, wanted integer, expected float8, reach bigint)
    RETURNS bigint[] STABLE LANGUAGE plpgsql AS $$
    DECLARE
        newest bigint := coalesce((SELECT max(issue_id) FROM search_documents), 0);
        found bigint[];
    BEGIN
        WHILE reach < expected LOOP
            EXECUTE format(
                'SELECT ARRAY(SELECT issue_id FROM search_documents WHERE ts_match_vq(document, %L) AND issue_id > %s
                              ORDER BY issue_id DESC LIMIT %s)', search, greatest(newest - reach, 0), wanted
            ) INTO found;
            IF cardinality(found) >= wanted OR reach >= newest THEN
                RETURN found;
            END IF;
            reach := reach * 8;
        END LOOP;
        EXECUTE format(
            'WITH holding AS MATERIALIZED (SELECT issue_id FROM search_documents WHERE document @@ %L)
             SELECT ARRAY(SELECT issue_id FROM holding ORDER BY issue_id DESC LIMIT %s)', search, wanted
        ) INTO found;
        RETURN found;
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
