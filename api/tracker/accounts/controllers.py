"""Registration, sign-in and the viewer's own account."""

from collections.abc import Sequence
from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tracker.accounts.schemas import PasswordChange, ProfileChange, Registration, SessionView, UserView
from tracker.accounts.sessions import SessionService
from tracker.accounts.users import UserService, view_of
from tracker.accounts.viewer import Viewer
from tracker.core.admission import STRANGERS_LIMITED_BY
from tracker.core.errors import Invalid
from tracker.core.limits import Limits
from tracker.core.openapi import READ, WRITE, WRITE_ONE, refusals
from tracker.core.passwords import Passwords
from tracker.core.schema import SMALL_BODY_BYTES
from tracker.core.transaction import Transaction


class RegistrationController(Controller):
    path = "/users"
    tags = ["Accounts"]
    request_max_body_size = SMALL_BODY_BYTES

    @post(
        "/register",
        operation_id="registerUser",
        summary="Open an account",
        status_code=201,
        optional_auth=True,
        opt={STRANGERS_LIMITED_BY: "registration"},
        response_description="The new account.",
        responses=WRITE | refusals(403),
        security=[{}, {"password": []}],
    )
    async def register_user(
        self,
        data: JSONBody[Registration],
        viewer: NamedDependency[Viewer | None],
        users: NamedDependency[UserService],
        passwords: NamedDependency[Passwords],
        transaction: NamedDependency[Transaction],
        state: State,
    ) -> Response[UserView]:
        """Anonymous callers become reporters.

        Another role is refused (403), but for two cases: an admin's token may create any role, and on an empty
        database the first account may name one, so that an installation can be opened.
        """
        password_hash = await passwords.hash(data.password)
        async with transaction:
            is_open = state.settings.open_registration
            user = await users.register(data, password_hash, viewer, open_registration=is_open)
            return await transaction.answer(view_of(user), status_code=201, headers={"Location": f"/users/{user.id}"})


class ProfileController(Controller):
    path = "/users/me"
    tags = ["Accounts"]
    request_max_body_size = SMALL_BODY_BYTES

    @get("/", operation_id="readProfile", summary="Who am I?", responses=READ)
    async def read_profile(self, viewer: NamedDependency[Viewer], users: NamedDependency[UserService]) -> UserView:
        return view_of(await users.get(viewer.id))

    @patch(
        "/",
        operation_id="changeProfile",
        summary="Change one's own name",
        response_description="The account as it is now.",
        responses=WRITE,
    )
    async def change_profile(
        self,
        data: JSONBody[ProfileChange],
        viewer: NamedDependency[Viewer],
        users: NamedDependency[UserService],
        transaction: NamedDependency[Transaction],
    ) -> Response[UserView]:
        async with transaction:
            return await transaction.answer(view_of(await users.change_profile(viewer, data)))

    @post(
        "/password",
        operation_id="changePassword",
        summary="Change one's own password",
        status_code=204,
        responses=WRITE,
    )
    async def change_password(
        self,
        data: JSONBody[PasswordChange],
        viewer: NamedDependency[Viewer],
        users: NamedDependency[UserService],
        passwords: NamedDependency[Passwords],
        transaction: NamedDependency[Transaction],
        state: State,
    ) -> Response[None]:
        """Needs the current password and ends all other sessions.

        Too many wrong ones are followed by 429 for a while: who holds a token is not to find out the password by it.
        """
        limits: Limits = state.limits
        async with limits.counting(Invalid, password_change=str(viewer.id)):
            checked = await users.check_password(viewer, data, passwords)
            # Inside, a wrong one is refused only if the request was not answered before, when it was the right one.
            async with transaction:
                await users.change_password(viewer, checked)
                return await transaction.answer(status_code=204)

    @get("/sessions", operation_id="listSessions", summary="Devices signed in", responses=READ)
    async def list_sessions(
        self, viewer: NamedDependency[Viewer], sessions: NamedDependency[SessionService]
    ) -> Sequence[SessionView]:
        return await sessions.devices(viewer)

    @delete(
        "/sessions/{session_id:uuid}",
        operation_id="endSession",
        summary="Sign a device out",
        status_code=204,
        responses=WRITE_ONE,
    )
    async def end_session(
        self,
        session_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        sessions: NamedDependency[SessionService],
        transaction: NamedDependency[Transaction],
    ) -> Response[None]:
        async with transaction:
            await sessions.end_own(viewer, session_id)
            return await transaction.answer(status_code=204)
