"""Accounts for the people of another tracker."""

import hashlib
import re
import secrets
from collections.abc import Collection, Iterable

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.core.database import Sessions
from tracker.imports.database import begin
from tracker.imports.source import SourcePerson
from tracker.imports.tally import Tally
from tracker.models import ImportPerson, Role, User

_NOT_IN_ADDRESS = re.compile(r"[^a-z0-9._-]+")
_MAX_SLUG = 40


class People:
    """Finds the account of each person: by where they come from, else by their e-mail address, else by their name.

    By the name alone only who is known by nothing else, and if just one account has it. Who has no account gets one
    that is inactive and has no password.
    """

    def __init__(self, sessions: Sessions, tally: Tally, *, batch_id: int | None) -> None:
        self._sessions = sessions
        self._tally = tally
        self._batch_id = batch_id
        self._ids: dict[str, int] = {}

    def id_of(self, person: SourcePerson) -> int:
        """The account's id. The person must have been among those given to `ensure`, and that not in a dry run."""
        return self._ids[person.external_id]

    def skip(self, people: Iterable[SourcePerson]) -> None:
        """Counts people in whom an interrupted dry run has counted."""
        if self._batch_id is None:
            self._ids |= {person.external_id: 0 for person in people}

    async def ensure(self, people: Iterable[SourcePerson]) -> None:
        """Sees to it that all have an account; commits, as an account is no part of any one issue."""
        strangers = {person.external_id: person for person in people if person.external_id not in self._ids}
        if not strangers:
            return
        async with begin(self._sessions, dry_run=self._batch_id is None) as session:
            ids = await self._known(session, strangers)
            for external_id, person in strangers.items():
                if external_id not in ids:
                    ids[external_id] = await self._account(session, person)
        self._ids |= ids

    async def _known(self, session: AsyncSession, external_ids: Collection[str]) -> dict[str, int]:
        origins = select(User.external_id, User.id).where(User.external_id.in_(external_ids))
        others = select(ImportPerson.external_id, ImportPerson.user_id).where(
            ImportPerson.external_id.in_(external_ids)
        )
        return {
            str(external_id): user_id
            for query in (origins, others)
            for external_id, user_id in (await session.execute(query)).tuples()
        }

    async def _account(self, session: AsyncSession, person: SourcePerson) -> int:
        known = await self._find(session, person)
        if self._batch_id is None:
            self._tally.new_people += known is None
            return 0
        if known is not None:
            if person.has_origin:
                await session.execute(update(User).where(User.id == known).values(external_id=person.external_id))
        else:
            self._tally.new_people += 1
        user_id = known or await self._new_account(session, person)
        session.add(
            ImportPerson(external_id=person.external_id, user_id=user_id, batch_id=self._batch_id, is_new=known is None)
        )
        return user_id

    async def _find(self, session: AsyncSession, person: SourcePerson) -> int | None:
        if person.email:
            query = select(User.id).where(func.lower(User.email) == person.email)
            if person.has_origin:
                # Somebody who came from elsewhere keeps that origin, and is not two people's account.
                query = query.where(User.external_id.is_(None))
            return await session.scalar(query)
        if person.has_origin:
            return None
        named = list(await session.scalars(select(User.id).where(User.full_name == person.full_name).limit(2)))
        return named[0] if len(named) == 1 else None

    async def _new_account(self, session: AsyncSession, person: SourcePerson) -> int:
        user = User(
            email=await self._free_address(session, person),
            full_name=person.full_name,
            role=Role.REPORTER,
            is_active=False,
            external_id=person.external_id,
        )
        session.add(user)
        await session.flush()
        return user.id

    async def _free_address(self, session: AsyncSession, person: SourcePerson) -> str:
        """The person's own address, or one under `.invalid`, where no mail is ever sent."""
        for address in filter(None, (person.email, _invented_address(person.external_id))):
            if await session.scalar(select(User.id).where(func.lower(User.email) == address)) is None:
                return address
        return _invented_address(f"{person.external_id}-{secrets.token_hex(8)}")


def _invented_address(external_id: str) -> str:
    origin, _, identity = external_id.partition(":")
    slug = _NOT_IN_ADDRESS.sub("-", identity.lower())[:_MAX_SLUG]
    if slug != identity or not slug:
        # Another identity may look the same.
        slug = f"{slug}-{hashlib.sha256(external_id.encode()).hexdigest()[:8]}"
    return f"{slug}@{origin}.invalid"
