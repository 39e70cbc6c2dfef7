"""What account handlers are given."""

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.sessions import SessionService
from tracker.accounts.users import UserService
from tracker.accounts.viewer import Viewer
from tracker.core.passwords import Passwords
from tracker.core.request import viewer_of


async def provide_viewer(request: Request[Viewer, None, State]) -> Viewer | None:
    """None only where `optional_auth` or `public` lets strangers in."""
    return viewer_of(request.scope)


async def provide_passwords(state: State) -> Passwords:
    return state.passwords


async def provide_users(session: NamedDependency[AsyncSession]) -> UserService:
    return UserService(session)


async def provide_sessions(session: NamedDependency[AsyncSession]) -> SessionService:
    return SessionService(session)
