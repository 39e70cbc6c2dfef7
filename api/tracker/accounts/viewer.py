"""Who is asking."""

from uuid import UUID

import msgspec

from tracker.models import STAFF_ROLES, Role


class Viewer(msgspec.Struct, frozen=True):
    """The signed-in person behind a request, with the role of this moment."""

    id: int
    role: Role
    session_id: UUID | None = None
    """None for the command line."""

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN
