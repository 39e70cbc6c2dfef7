"""Admins manage accounts."""

from collections.abc import Sequence

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET

from tracker.accounts.guards import admins_only, staff_only
from tracker.accounts.schemas import NewUser, UserChange, UserView
from tracker.accounts.users import UserService, view_of
from tracker.core.openapi import READ, READ_ONE, WRITE, WRITE_ONE, refusals
from tracker.core.paging import Cursor, Limit, Page
from tracker.core.passwords import Passwords
from tracker.core.schema import SMALL_BODY_BYTES, PathId, PersonRef
from tracker.core.transaction import Transaction


@get(
    "/users/assignable",
    operation_id="listAssignableUsers",
    tags=["Accounts"],
    summary="People whom issues can be assigned to",
    guards=[staff_only],
    responses=READ | refusals(403),
)
async def list_assignable_users(users: NamedDependency[UserService]) -> Sequence[PersonRef]:
    """Active maintainers and admins, by name."""
    return await users.assignable()


class UserController(Controller):
    path = "/users"
    tags = ["Administration"]
    guards = [admins_only]
    request_max_body_size = SMALL_BODY_BYTES

    @get("/", operation_id="listUsers", summary="All accounts, by name", responses=READ | refusals(403))
    async def list_users(
        self, users: NamedDependency[UserService], cursor: Cursor = None, limit: Limit = 50
    ) -> Page[UserView]:
        return await users.page(cursor=cursor, limit=limit)

    @post(
        "/",
        operation_id="createUser",
        summary="Create an account with any role",
        status_code=201,
        response_description="The new account.",
        responses=WRITE | refusals(403),
    )
    async def create_user(
        self,
        data: JSONBody[NewUser],
        users: NamedDependency[UserService],
        passwords: NamedDependency[Passwords],
        transaction: NamedDependency[Transaction],
    ) -> Response[UserView]:
        password_hash = await passwords.hash(data.password)
        async with transaction:
            user = await users.create(data, password_hash)
            return await transaction.answer(view_of(user), status_code=201, headers={"Location": f"/users/{user.id}"})

    @get("/{user_id:str}", operation_id="readUser", summary="One account", responses=READ_ONE | refusals(403))
    async def read_user(self, user_id: PathId, users: NamedDependency[UserService]) -> UserView:
        return view_of(await users.get(user_id))

    @patch(
        "/{user_id:str}",
        operation_id="changeUser",
        summary="Change name, role, activity or password of an account",
        response_description="The account as it is now.",
        responses=WRITE_ONE | refusals(403),
    )
    async def change_user(
        self,
        user_id: PathId,
        data: JSONBody[UserChange],
        users: NamedDependency[UserService],
        passwords: NamedDependency[Passwords],
        transaction: NamedDependency[Transaction],
    ) -> Response[UserView]:
        """Takes effect on the person's next request. The last active admin stays one (409)."""
        password_hash = await passwords.hash(data.password) if data.password is not UNSET else None
        async with transaction:
            return await transaction.answer(view_of(await users.change(user_id, data, password_hash)))

    @delete(
        "/{user_id:str}",
        operation_id="deactivateUser",
        summary="Deactivate an account",
        status_code=204,
        responses=WRITE_ONE | refusals(403),
    )
    async def deactivate_user(
        self,
        user_id: PathId,
        users: NamedDependency[UserService],
        transaction: NamedDependency[Transaction],
    ) -> Response[None]:
        """Ends all of the person's sessions. What they wrote stays; a PATCH with `is_active` brings them back."""
        async with transaction:
            await users.deactivate(user_id)
            return await transaction.answer(status_code=204)
