"""Bodies of the account operations."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from tracker.core.errors import Invalid
from tracker.core.passwords import MAX_LENGTH, MIN_LENGTH
from tracker.core.schema import NO_NUL, ONE_LINE, Input, Output
from tracker.models import Role

# Deliverable in practice: one @, a dotted domain, printable ASCII without quoting. Proof is the mail, not the grammar.
EMAIL = r"\A[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+\Z"

Email = Annotated[str, Meta(max_length=254, pattern=EMAIL, examples=["ann@example.com"])]
Password = Annotated[
    str, Meta(min_length=MIN_LENGTH, max_length=MAX_LENGTH, pattern=NO_NUL, examples=["correct horse battery staple"])
]
PresentedPassword = Annotated[str, Meta(max_length=MAX_LENGTH, pattern=NO_NUL)]
FullName = Annotated[str, Meta(min_length=1, max_length=200, pattern=ONE_LINE, examples=["Ann Lee"])]


def _trimmed_name(name: str) -> str:
    if not (trimmed := name.strip()):
        raise Invalid.field("full_name", "Must not be empty.")
    return trimmed


class NewAccount(Input):
    """What every new account is made of."""

    email: Email
    password: Password
    full_name: FullName

    def __post_init__(self) -> None:
        self.email = self.email.lower()
        self.full_name = _trimmed_name(self.full_name)


class Registration(NewAccount):
    role: Role | UnsetType = UNSET
    """Only admins, and the very first account, may name another role than reporter."""


class NewUser(NewAccount):
    role: Role = Role.REPORTER


class UserChange(Input):
    """An admin's change of somebody's account; only the fields given change."""

    full_name: FullName | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    """Sets a new password and ends all of the person's sessions."""

    def __post_init__(self) -> None:
        if self.full_name is not UNSET:
            self.full_name = _trimmed_name(self.full_name)


class ProfileChange(Input):
    full_name: FullName | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.full_name is not UNSET:
            self.full_name = _trimmed_name(self.full_name)


class PasswordChange(Input):
    current_password: PresentedPassword
    new_password: Password


class Credentials(Input):
    email: Annotated[str, Meta(max_length=254, pattern=NO_NUL, examples=["ann@example.com"])]
    password: PresentedPassword


class AccessGranted(Output):
    """An access token; the refresh token comes beside it, as a cookie that scripts can't read."""

    access_token: str
    expires_in: int
    """Seconds."""
    token_type: str = "bearer"  # noqa: S105 (OAuth 2.0 calls it so)


class UserView(Output):
    id: int
    email: str
    full_name: str
    role: Role
    is_active: bool
    created_at: datetime


class SessionView(Output):
    """A signed-in device."""

    id: UUID
    user_agent: str
    ip: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool
