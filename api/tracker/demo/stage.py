"""Plays the story through the services that people's requests go through, at the times of the story."""

import secrets
from datetime import datetime
from functools import singledispatchmethod
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.schemas import NewUser
from tracker.accounts.users import FIRST_ACCOUNT_LOCK, UserService
from tracker.accounts.viewer import Viewer
from tracker.comments.schemas import CommentText
from tracker.comments.services import CommentService
from tracker.core.passwords import Passwords
from tracker.demo.cast import CAST, Player
from tracker.demo.story import SPAN, Act, Change, Delete, Open, Say, story
from tracker.issues.schemas import IssueChange, NewIssue
from tracker.issues.services import IssueService
from tracker.models import Issue, User


class Stage:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._end = now
        self._now = now
        self._viewers: dict[Player, Viewer] = {}
        self._issue_ids: dict[int, int] = {}

    async def is_empty(self) -> bool:
        """Whether nobody and nothing is there yet; holds the first registration back until the transaction ends."""
        await self._session.execute(select(func.pg_advisory_xact_lock(FIRST_ACCOUNT_LOCK)))
        taken = or_(select(User.id).exists(), select(Issue.id).exists())
        return not await self._session.scalar(select(taken))

    async def play(self) -> None:
        users, passwords = UserService(self._session), Passwords()
        for player in CAST:
            await self._engage(player, users, passwords)
        for act in story(self._end):
            self._now = act.at
            await self._perform(act)
        for player in CAST:
            if player.left:
                await users.deactivate(self._viewers[player].id)

    async def _engage(self, player: Player, users: UserService, passwords: Passwords) -> None:
        data = NewUser(
            email=player.email,
            full_name=player.full_name,
            role=player.role,
            password=player.password or secrets.token_urlsafe(),
        )
        user = await users.create(data, await passwords.hash(data.password))
        user.created_at = self._end - SPAN
        self._viewers[player] = Viewer(user.id, player.role)

    def _clock(self) -> datetime:
        return self._now

    def _issues(self, act: Act) -> IssueService:
        return IssueService(self._session, self._viewers[act.player], self._clock)

    @singledispatchmethod
    async def _perform(self, act: Act) -> None:
        raise NotImplementedError(type(act))

    @_perform.register
    async def _open(self, act: Open) -> None:
        data = NewIssue(title=act.title, description=act.description, severity=act.severity, tags=act.tags)
        self._issue_ids[act.issue] = (await self._issues(act).open(data)).id

    @_perform.register
    async def _change(self, act: Change) -> None:
        fields: dict[str, Any] = dict(act.fields)
        if act.assignee is not None:
            fields["assignee_id"] = self._viewers[act.assignee].id
        if act.duplicate_of is not None:
            fields["duplicate_of"] = self._issue_ids[act.duplicate_of]
        await self._issues(act).change(self._issue_ids[act.issue], IssueChange(**fields))

    @_perform.register
    async def _say(self, act: Say) -> None:
        body = act.body if act.about is None else act.body.format(number=self._issue_ids[act.about])
        comments = CommentService(self._session, self._viewers[act.player], self._clock)
        await comments.write(self._issue_ids[act.issue], CommentText(body=body))

    @_perform.register
    async def _delete(self, act: Delete) -> None:
        await self._issues(act).delete(self._issue_ids[act.issue])
