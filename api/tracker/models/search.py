from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base


class SearchDocument(Base):
    """The words of an issue that is not in the trash, from wherever they stand.

    Triggers write it together with what it is made from: title (weight A), tags and file names (B), description (C) and
    comments (D).
    """

    __tablename__ = "search_documents"
    __table_args__ = (
        Index("ix_search_documents_document", "document", postgresql_using="gin"),
        Index("ix_search_documents_reporter", "reporter_id", "issue_id"),
        Index("ix_search_documents_cut", "issue_id", postgresql_where=text("search_is_cut(document)")),
    )

    issue_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    reporter_id: Mapped[int] = mapped_column(BigInteger)
    """The issue's: reporters' searches begin with their own issues, and take as long whatever others have written."""
    document: Mapped[str] = mapped_column(TSVECTOR)


class SearchWord(Base):
    """A word that somebody has written, for staff to find it when it is misspelt or not yet typed to its end.

    Triggers add them; only rebuilding the index removes those that are not used any more. One may stand here twice.
    """

    __tablename__ = "search_words"
    __table_args__ = (
        Index("ix_search_words_word", "word", postgresql_ops={"word": "text_pattern_ops"}),
        Index("ix_search_words_slips", func.one_letter_less("word"), postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    word: Mapped[str] = mapped_column(Text)
