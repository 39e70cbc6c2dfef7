"""What issue handlers are given."""

from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.issues.services import IssueService
from tracker.issues.totals import Totals


async def provide_totals(state: State) -> Totals:
    return state.totals


async def provide_issues(session: NamedDependency[AsyncSession], viewer: NamedDependency[Viewer]) -> IssueService:
    return IssueService(session, viewer)
