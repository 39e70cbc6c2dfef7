"""Finding the newest issues that hold some words, however rare or common these are."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Looks among the newest issues first, as far as `reach`, and further each time that too few are found: of a word that
# stands in every tenth issue, to find all would take long, and of one that stands in old issues only, the newest tell
# nothing. By the index as soon as it tells of fewer issues than there are to look through. Left to itself, the planner
# would use it for common words, and walk through all issues to a rare one that it has not heard of.
NEWEST_HOLDING = """
    CREATE FUNCTION newest_holding(search tsquery, wanted integer, expected float8, reach bigint) RETURNS bigint[]
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
    op.execute("DROP FUNCTION newest_holding(tsquery, integer, float8, bigint)")
