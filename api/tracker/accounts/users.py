"""What people and admins do to accounts."""

from collections.abc import Sequence
from typing import NamedTuple

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from msgspec import UNSET
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.schemas import (
    NewAccount,
    NewUser,
    PasswordChange,
    ProfileChange,
    Registration,
    UserChange,
    UserView,
)
from tracker.accounts.sessions import SessionService
from tracker.accounts.viewer import Viewer
from tracker.core.errors import Conflict, Forbidden, Invalid, NotFound
from tracker.core.paging import Page, beyond, decode_cursor, encode_cursor
from tracker.core.passwords import Passwords
from tracker.core.schema import PersonRef
from tracker.core.transaction import note_changed_access
from tracker.models import Role, User

FIRST_ACCOUNT_LOCK = 0x7261636B6572  # any number that no other advisory lock uses


class UserRepository(SQLAlchemyAsyncRepository[User]):
    model_type = User


class CheckedChange(NamedTuple):
    """A change of a password by somebody who knew the current one."""

    current_hash: str
    new_hash: str


class UserService:
    """Takes passwords as hashes: to make one may take seconds, and no connection or lock is kept meanwhile."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._users = UserRepository(session=session, wrap_exceptions=False)

    async def register(
        self, data: Registration, password_hash: str, viewer: Viewer | None, *, open_registration: bool
    ) -> User:
        """Opens an account; for strangers as a reporter, unless the installation is still empty.

        Raises:
            Forbidden: the role is not theirs to give, or registration is closed.
            Conflict: the address has an account.
        """
        role = Role.REPORTER if data.role is UNSET else data.role
        if not (viewer and viewer.is_admin):
            if await self._is_first_account():
                return await self._add(data, role, password_hash)
            if role is not Role.REPORTER:
                raise Forbidden("Only an admin can create an account with this role.")
            if not open_registration:
                raise Forbidden("Registration is closed here. Ask an admin for an account.")
        return await self._add(data, role, password_hash)

    async def create(self, data: NewUser, password_hash: str) -> User:
        return await self._add(data, data.role, password_hash)

    async def _is_first_account(self) -> bool:
        """Holds every other first registration back until this one is committed, so that one of them wins."""
        nobody = select(~select(User.id).exists())
        if not await self._session.scalar(nobody):
            return False
        await self._session.execute(select(func.pg_advisory_xact_lock(FIRST_ACCOUNT_LOCK)))
        return bool(await self._session.scalar(nobody))

    async def _add(self, data: NewAccount, role: Role, password_hash: str) -> User:
        taken = await self._session.scalar(select(User.id).where(func.lower(User.email) == data.email))
        if taken:
            raise Conflict("This e-mail address already has an account. Sign in instead.")
        user = User(email=data.email, full_name=data.full_name, role=role, password_hash=password_hash)
        return await self._users.add(user, auto_refresh=True)

    async def get(self, user_id: int) -> User:
        user = await self._users.get_one_or_none(User.id == user_id)
        if user is None:
            raise NotFound
        return user

    async def page(self, *, cursor: str | None, limit: int) -> Page[UserView]:
        """Everybody, by name."""
        query = select(User).order_by(User.full_name, User.id).limit(limit + 1)
        if cursor:
            reached = decode_cursor(cursor, tuple[str, int])
            query = query.where(beyond((User.full_name, User.id), reached))
        users = (await self._session.scalars(query)).all()
        more = len(users) > limit
        users = users[:limit]
        return Page(
            items=[view_of(user) for user in users],
            next_cursor=encode_cursor(users[-1].full_name, users[-1].id) if more else None,
        )

    async def assignable(self) -> Sequence[PersonRef]:
        query = select(User.id, User.full_name).where(User.is_active, text("role <> 'reporter'"))
        rows = await self._session.execute(query.order_by(User.full_name, User.id))
        return [PersonRef(id=row.id, full_name=row.full_name) for row in rows]

    async def change_profile(self, viewer: Viewer, data: ProfileChange) -> User:
        user = await self.get(viewer.id)
        if data.full_name is not UNSET:
            user.full_name = data.full_name
        return user

    async def check_password(self, viewer: Viewer, data: PasswordChange, passwords: Passwords) -> CheckedChange | None:
        """None if the current password is another. Goes before the transaction, as all hashing does."""
        current_hash = await self._session.scalar(select(User.password_hash).where(User.id == viewer.id))
        await self._session.close()
        if not await passwords.verify(current_hash, data.current_password) or current_hash is None:
            return None
        return CheckedChange(current_hash, await passwords.hash(data.new_password))

    async def change_password(self, viewer: Viewer, checked: CheckedChange | None) -> None:
        """Sets the viewer's new password and ends their other sessions.

        Raises:
            Invalid: the current password was wrong, or is another by now: an admin's reset is not undone.
        """
        changed = checked and await self._session.scalar(
            update(User)
            .where(User.id == viewer.id, User.password_hash == checked.current_hash)
            .values(password_hash=checked.new_hash)
            .returning(User.id)
        )
        if not changed:
            raise Invalid.field("current_password", "This is not your current password.")
        await SessionService(self._session).end_all(viewer.id, keep=viewer.session_id)

    async def change(self, user_id: int, data: UserChange, password_hash: str | None = None) -> User:
        """An admin's change. The admins' rows are locked first, so that two demotions can't both find another admin.

        Args:
            user_id: whom it is about.
            data: what changes; a password in it does not.
            password_hash: of the new password, if it changes.

        Raises:
            Conflict: it would leave the installation without an active admin.
        """
        admins = await self._lock_active_admins()
        user = await self.get(user_id)
        role = user.role if data.role is UNSET else data.role
        is_active = user.is_active if data.is_active is UNSET else data.is_active
        if admins == [user_id] and not (role is Role.ADMIN and is_active):
            raise Conflict("This is the last active admin. Make somebody else an admin first.")
        if role is not user.role:
            note_changed_access(self._session, user_id)
        user.role, user.is_active = role, is_active
        if data.full_name is not UNSET:
            user.full_name = data.full_name
        if password_hash:
            user.password_hash = password_hash
        if password_hash or not is_active:
            await SessionService(self._session).end_all(user_id)
        return user

    async def deactivate(self, user_id: int) -> User:
        return await self.change(user_id, UserChange(is_active=False))

    async def _lock_active_admins(self) -> list[int]:
        query = select(User.id).where(User.role == Role.ADMIN, User.is_active).order_by(User.id)
        return list(await self._session.scalars(query.with_for_update(key_share=True)))


def view_of(user: User) -> UserView:
    return UserView(
        id=user.id,
        email=user.email,
        full_name=user.full_name,
        role=user.role,
        is_active=user.is_active,
        created_at=user.created_at,
    )
