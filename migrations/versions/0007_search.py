"""What full text finds: one document an issue, kept by triggers, and the words that people have written.

Only adds. Issues that are there are indexed in steps of their own, while others work on them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STEP = 500

# PostgreSQL takes `ti.ui.window` for a host and `a/b` for a file, and would find neither of their parts.
SEARCH_TEXT = r"""
    CREATE FUNCTION search_text(body text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN translate(left(body, 100000), E'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', repeat(' ', 32))
"""
SEARCH_PART = """
    CREATE FUNCTION search_part(body text, weight "char") RETURNS tsvector IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN setweight(to_tsvector('pg_catalog.english'::regconfig, search_text(body)), weight)
"""
# Two words that differ by one letter have one of these in common (or one of them is one of the other's).
ONE_LETTER_LESS = """
    CREATE FUNCTION one_letter_less(word text) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN ARRAY(SELECT overlay(word PLACING '' FROM n FOR 1) FROM generate_series(1, length(word)) AS n) || word
"""
SEARCH_NAMES = """
    CREATE FUNCTION search_names(of_issue bigint, tags text[]) RETURNS text STABLE LANGUAGE sql AS $$
        SELECT concat_ws(' ', array_to_string(tags, ' '), string_agg(name, ' ' ORDER BY id))
        FROM attachments WHERE issue_id = of_issue
    $$
"""
# The last comments are the ones that are searched for, should they be too many for one tsvector.
SEARCH_COMMENTS = """
    CREATE FUNCTION search_comments(of_issue bigint) RETURNS tsvector STABLE LANGUAGE sql AS $$
        SELECT setweight(to_tsvector('pg_catalog.english'::regconfig, search_text(left(string_agg(body, ' ' ORDER BY id DESC), 100000))), 'D')
        FROM comments WHERE issue_id = of_issue
    $$
"""
# No unique index: to find out whether somebody else is adding the same word, a writer would have to wait for them.
LEARN_WORDS = """
    CREATE FUNCTION learn_words(body text) RETURNS void LANGUAGE sql AS $$
        INSERT INTO search_words (word)
        SELECT lexeme FROM unnest(to_tsvector('pg_catalog.simple'::regconfig, search_text(left(body, 20000))))
        WHERE length(lexeme) BETWEEN 4 AND 30 AND lexeme !~ '[0-9]'
          AND NOT EXISTS (SELECT FROM search_words AS known WHERE known.word = lexeme)
    $$
"""
# The whole document of each of these issues, as if it had just been written. Writers wait, so that none of what they
# write is overtaken by what was read before.
INDEX_ISSUES = """
    CREATE FUNCTION index_issues(first_id bigint, last_id bigint) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM issues WHERE id BETWEEN first_id AND last_id ORDER BY id FOR SHARE;
        DELETE FROM search_documents WHERE issue_id BETWEEN first_id AND last_id
            AND NOT EXISTS (SELECT FROM issues WHERE id = issue_id AND deleted_at IS NULL);
        INSERT INTO search_documents AS known (issue_id, reporter_id, document)
        SELECT id, reporter_id, search_part(title, 'A') || search_part(search_names(id, tags), 'B')
               || search_part(description, 'C') || coalesce(search_comments(id), '')
        FROM issues WHERE id BETWEEN first_id AND last_id AND deleted_at IS NULL
        ON CONFLICT (issue_id) DO UPDATE SET document = excluded.document, reporter_id = excluded.reporter_id
            WHERE known.document <> excluded.document OR known.reporter_id <> excluded.reporter_id;
        PERFORM learn_words(concat_ws(' ', title, search_names(id, tags), description))
        FROM issues WHERE id BETWEEN first_id AND last_id AND deleted_at IS NULL;
        PERFORM learn_words(body) FROM comments WHERE issue_id BETWEEN first_id AND last_id;
    END
    $$
"""
# What the planner knows of how common words are; reads no document.
EXPECTED_DOCUMENTS = """
    CREATE FUNCTION expected_documents(search tsquery) RETURNS float8 LANGUAGE plpgsql AS $$
    DECLARE
        plan json;
    BEGIN
        EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM search_documents WHERE document @@ %L::tsquery', search)
        INTO plan;
        RETURN plan->0->'Plan'->'Plan Rows';
    END
    $$
"""
# The piece of a text around the first word that is searched for: as it is, and with such words between marks.
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
# A document's weights tell where its words come from, so that only the part that changes is read anew.
ISSUE_WRITTEN = """
    CREATE FUNCTION search_issue_written() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.deleted_at IS NOT NULL THEN
            DELETE FROM search_documents WHERE issue_id = NEW.id;
        ELSIF TG_OP = 'INSERT' THEN
            INSERT INTO search_documents (issue_id, reporter_id, document) VALUES (NEW.id, NEW.reporter_id,
                search_part(NEW.title, 'A') || search_part(array_to_string(NEW.tags, ' '), 'B') || search_part(NEW.description, 'C'));
            PERFORM learn_words(concat_ws(' ', NEW.title, array_to_string(NEW.tags, ' '), NEW.description));
        ELSIF OLD.deleted_at IS NOT NULL OR OLD.reporter_id <> NEW.reporter_id THEN
            PERFORM index_issues(NEW.id, NEW.id);
        ELSE
            IF OLD.title <> NEW.title THEN
                UPDATE search_documents SET document = search_part(NEW.title, 'A') || ts_filter(document, '{b,c,d}')
                WHERE issue_id = NEW.id;
                PERFORM learn_words(NEW.title);
            END IF;
            IF OLD.tags <> NEW.tags THEN
                UPDATE search_documents SET document = ts_filter(document, '{a,c,d}') || search_part(search_names(NEW.id, NEW.tags), 'B')
                WHERE issue_id = NEW.id;
                PERFORM learn_words(array_to_string(NEW.tags, ' '));
            END IF;
            IF OLD.description <> NEW.description THEN
                UPDATE search_documents SET document = ts_filter(document, '{a,b,d}') || search_part(NEW.description, 'C')
                WHERE issue_id = NEW.id;
                PERFORM learn_words(NEW.description);
            END IF;
        END IF;
        RETURN NULL;
    END
    $$
"""
COMMENT_WRITTEN = """
    CREATE FUNCTION search_comment_written() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            UPDATE search_documents SET document = document || search_part(NEW.body, 'D') WHERE issue_id = NEW.issue_id;
        ELSE
            UPDATE search_documents
            SET document = ts_filter(document, '{a,b,c}') || coalesce(search_comments(OLD.issue_id), '')
            WHERE issue_id = OLD.issue_id;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            PERFORM learn_words(NEW.body);
        END IF;
        RETURN NULL;
    EXCEPTION WHEN program_limit_exceeded THEN
        RETURN NULL; -- no room in this document: the comment is written, but not found
    END
    $$
"""
FILE_WRITTEN = """
    CREATE FUNCTION search_file_written() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        of_issue bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.issue_id ELSE NEW.issue_id END;
    BEGIN
        UPDATE search_documents
        SET document = ts_filter(document, '{a,c,d}') || search_part(search_names(issues.id, tags), 'B')
        FROM issues WHERE issues.id = of_issue AND issue_id = of_issue;
        IF TG_OP <> 'DELETE' THEN
            PERFORM learn_words(NEW.name);
        END IF;
        RETURN NULL;
    END
    $$
"""
FUNCTIONS = [
    (SEARCH_TEXT, "search_text(text)"),
    (SEARCH_PART, 'search_part(text, "char")'),
    (ONE_LETTER_LESS, "one_letter_less(text)"),
    (SEARCH_NAMES, "search_names(bigint, text[])"),
    (SEARCH_COMMENTS, "search_comments(bigint)"),
    (LEARN_WORDS, "learn_words(text)"),
    (INDEX_ISSUES, "index_issues(bigint, bigint)"),
    (EXPECTED_DOCUMENTS, "expected_documents(tsquery)"),
    (SEARCH_EXCERPT, "search_excerpt(text, tsquery)"),
    (ISSUE_WRITTEN, "search_issue_written()"),
    (COMMENT_WRITTEN, "search_comment_written()"),
    (FILE_WRITTEN, "search_file_written()"),
]
TRIGGERS = [
    ("issues", "INSERT OR UPDATE OF title, description, tags, reporter_id, deleted_at", "search_issue_written"),
    ("comments", "INSERT OR UPDATE OF body OR DELETE", "search_comment_written"),
    ("attachments", "INSERT OR DELETE", "search_file_written"),
]


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "search_documents",
        sa.Column("issue_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_search_documents_issue_id_issues"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_search_documents")),
    )
    op.create_index("ix_search_documents_document", "search_documents", ["document"], postgresql_using="gin")
    op.create_index("ix_search_documents_reporter", "search_documents", ["reporter_id", "issue_id"])
    op.create_table(
        "search_words",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_words")),
    )
    for create, _ in FUNCTIONS:
        op.execute(create)
    op.create_index("ix_search_words_word", "search_words", ["word"], postgresql_ops={"word": "text_pattern_ops"})
    op.create_index("ix_search_words_slips", "search_words", [sa.text("one_letter_less(word)")], postgresql_using="gin")
    for table, events, function in TRIGGERS:
        op.execute(f"CREATE TRIGGER {function} AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()")
    last = op.get_bind().scalar(sa.text("SELECT max(id) FROM issues"))
    with op.get_context().autocommit_block():
        for first in range(1, (last or 0) + 1, STEP):
            op.execute(f"SELECT index_issues({first}, {first + STEP - 1})")


def downgrade() -> None:
    for table, _, function in TRIGGERS:
        op.execute(f"DROP TRIGGER {function} ON {table}")
    op.drop_table("search_words")
    op.drop_table("search_documents")
    for _, signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
