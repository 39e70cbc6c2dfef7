from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tracker.core.errors import Invalid
from tracker.core.schema import NO_NUL, Input, Output, PersonRef

MAX_BODY_BYTES = 200_000

Body = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_BODY_BYTES,
        pattern=NO_NUL,
        description="Markdown, up to 200 kB, not blank.",
        examples=["Same here, since **Monday**."],
    ),
]


class CommentText(Input):
    body: Body

    def __post_init__(self) -> None:
        if not self.body.strip():
            raise Invalid.field("body", "Write something first.")
        if len(self.body.encode()) > MAX_BODY_BYTES:
            raise Invalid.field("body", "Must not be larger than 200 kB.")


class CommentView(Output):
    id: int
    issue_id: int
    author: PersonRef
    body: str
    created_at: datetime
    updated_at: datetime | None
    """Null until it is edited."""
