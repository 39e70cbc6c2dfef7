"""Signing in, staying signed in, signing out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.schemas import Credentials, SessionView
from tracker.accounts.tokens import digest_of, new_refresh_token
from tracker.accounts.viewer import Viewer
from tracker.core.errors import NotFound, Unauthenticated
from tracker.core.passwords import Passwords
from tracker.core.transaction import note_changed_access
from tracker.models import RefreshToken, Session, User

WRONG_CREDENTIALS = "The e-mail address or the password is wrong, or the account is not active."


class Device(msgspec.Struct, frozen=True):
    """Where a sign-in comes from, for the person's own list of sessions."""

    user_agent: str
    ip: str


class SignedIn(msgspec.Struct, frozen=True):
    user_id: int
    session_id: UUID
    refresh_token: str | None
    """None when an overlapping request of the same browser is getting the next one."""


class RefreshReused(Exception):
    """A used refresh token came back: somebody has a copy. The whole session is to end."""

    def __init__(self, session_id: UUID) -> None:
        self.session_id = session_id


class SessionService:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def sign_in(
        self, credentials: Credentials, device: Device, *, passwords: Passwords, lifetime: timedelta
    ) -> SignedIn:
        """Begins a session.

        Raises:
            Unauthenticated: the same for a wrong password, an unknown address and a deactivated account,
                after the same time.
        """
        query = select(User.id, User.password_hash, User.is_active).where(
            func.lower(User.email) == credentials.email.strip().lower()
        )
        user = (await self._session.execute(query)).one_or_none()
        # Many may wait for argon2 at once; none of them keeps a database connection meanwhile.
        await self._session.close()
        stored = user.password_hash if user else None
        correct = await passwords.verify(stored, credentials.password)
        if user is None or not correct or not user.is_active:
            raise Unauthenticated(WRONG_CREDENTIALS)
        renewed = (
            await passwords.hash(credentials.password)
            if passwords.needs_rehash(user.password_hash)
            else user.password_hash
        )
        # Compares again, so that a deactivation or a new password that came in between wins.
        still = await self._session.scalar(
            update(User)
            .where(User.id == user.id, User.is_active, User.password_hash == user.password_hash)
            .values(password_hash=renewed)
            .returning(User.id)
        )
        if still is None:
            raise Unauthenticated(WRONG_CREDENTIALS)
        opened = Session(
            user_id=user.id,
            user_agent=device.user_agent[:300],
            ip=device.ip,
            expires_at=datetime.now(UTC) + lifetime,
        )
        self._session.add(opened)
        await self._session.flush()
        return SignedIn(user.id, opened.id, await self._issue_refresh_token(opened.id))

    async def refresh(self, refresh_token: str | None, *, lifetime: timedelta, arrived_at: datetime) -> SignedIn:
        """Trades a refresh token for the next one.

        Two tabs may send the same token at the same moment: the one that loses the race goes on with an access
        token and takes the next refresh token from the browser's common cookie. A token that was already used
        when it arrived is another matter. (Both times are the replicas', whose clocks agree well enough for that.)

        Args:
            refresh_token: as it was presented.
            lifetime: of the session from now on.
            arrived_at: when the request reached this process.

        Raises:
            Unauthenticated: the token or its session is not valid.
            RefreshReused: it was used before; the caller ends the session and commits that.
        """
        if not refresh_token:
            raise Unauthenticated("There is no session to go on with. Sign in.")
        digest = digest_of(refresh_token)
        query = (
            select(RefreshToken.used_at, Session.id, Session.user_id)
            .join(Session, Session.id == RefreshToken.session_id)
            .join(User, User.id == Session.user_id)
            .where(
                RefreshToken.digest == digest,
                Session.revoked_at.is_(None),
                Session.expires_at > func.now(),
                User.is_active,
            )
        )
        found = (await self._session.execute(query)).one_or_none()
        if found is None:
            raise Unauthenticated("The session has ended. Sign in again.")
        if found.used_at is not None and found.used_at <= arrived_at:
            raise RefreshReused(found.id)
        rotated = await self._session.scalar(
            update(RefreshToken)
            .where(RefreshToken.digest == digest, RefreshToken.used_at.is_(None))
            .values(used_at=datetime.now(UTC))
            .returning(RefreshToken.session_id)
        )
        if rotated is None:
            return SignedIn(found.user_id, found.id, refresh_token=None)
        prolonged = await self._session.scalar(
            update(Session)
            .where(Session.id == found.id, Session.revoked_at.is_(None))
            .values(last_used_at=func.now(), expires_at=func.now() + lifetime)
            .returning(Session.id)
        )
        if prolonged is None:
            raise Unauthenticated("The session has ended. Sign in again.")
        return SignedIn(found.user_id, found.id, await self._issue_refresh_token(found.id))

    async def session_of(self, refresh_token: str) -> UUID | None:
        query = select(RefreshToken.session_id).where(RefreshToken.digest == digest_of(refresh_token))
        return await self._session.scalar(query)

    async def devices(self, viewer: Viewer) -> Sequence[SessionView]:
        query = (
            select(Session)
            .where(Session.user_id == viewer.id, Session.revoked_at.is_(None), Session.expires_at > func.now())
            .order_by(Session.last_used_at.desc(), Session.id)
        )
        return [
            SessionView(
                id=row.id,
                user_agent=row.user_agent,
                ip=row.ip,
                created_at=row.created_at,
                last_used_at=row.last_used_at,
                expires_at=row.expires_at,
                current=row.id == viewer.session_id,
            )
            for row in await self._session.scalars(query)
        ]

    async def end_own(self, viewer: Viewer, session_id: UUID) -> None:
        own = select(Session.id).where(
            Session.id == session_id, Session.user_id == viewer.id, Session.revoked_at.is_(None)
        )
        if await self._session.scalar(own) is None:
            raise NotFound
        await self.end(session_id)

    async def end(self, session_id: UUID) -> None:
        user_id = await self._session.scalar(
            update(Session)
            .where(Session.id == session_id, Session.revoked_at.is_(None))
            .values(revoked_at=func.now())
            .returning(Session.user_id)
        )
        if user_id:
            note_changed_access(self._session, user_id)

    async def end_all(self, user_id: int, *, keep: UUID | None = None) -> None:
        query = update(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None))
        if keep:
            query = query.where(Session.id != keep)
        await self._session.execute(query.values(revoked_at=func.now()))
        note_changed_access(self._session, user_id)

    async def _issue_refresh_token(self, session_id: UUID) -> str:
        token = new_refresh_token()
        self._session.add(RefreshToken(digest=digest_of(token), session_id=session_id))
        await self._session.flush()
        return token
