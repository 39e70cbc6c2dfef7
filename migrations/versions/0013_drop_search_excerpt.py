"""Texts are cut where they are shown; the function that did it here has had no caller since 0010."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SEARCH_EXCERPT = """
    CREATE FUNCTION search_excerpt(body text, search tsquery) RETURNS text[] IMMUTABLE LANGUAGE plpgsql AS $$
    DECLARE
        plain text := translate(left(body, 30000), E'\\002\\003', '  ');
        marked text := ts_headline('pg_catalog.english'::regconfig, search_text(plain), search,
                                   E'HighlightAll=true, StartSel="\\002", StopSel="\\003"');
        first integer := greatest(strpos(marked, E'\\002') - 60, 1);
    BEGIN
        RETURN ARRAY[substr(plain, first, 240), substr(marked, first, 400)];
    END
    $$
"""


def upgrade() -> None:
    op.execute("DROP FUNCTION search_excerpt(text, tsquery)")


def downgrade() -> None:
    op.execute(SEARCH_EXCERPT)
