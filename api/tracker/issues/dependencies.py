"""What issue handlers are given."""

from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts.viewer import Viewer
from tracker.issues.services import IssueService


async def provide_issues(session: NamedDependency[AsyncSession], viewer: NamedDependency[Viewer]) -> IssueService:
    return IssueService(session, viewer)
