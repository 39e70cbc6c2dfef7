"""What issue handlers are given.

Each asks for one thing that depends on nothing beside it: Litestar resolves what stands side by side in tasks of
their own, which takes longer than most of what these do.
"""

from litestar.datastructures import State
from litestar.di import NamedDependency

from tracker.core.request import TrackerRequest, viewer_of
from tracker.core.transaction import Transaction
from tracker.issues.listing import IssueList
from tracker.issues.reading import IssueReader
from tracker.issues.services import IssueService


async def provide_issue_list(request: TrackerRequest, state: State) -> IssueList:
    return IssueList(state.reads, state.totals, viewer_of(request.scope))


async def provide_issue_reader(request: TrackerRequest, state: State) -> IssueReader:
    return IssueReader(state.reads, viewer_of(request.scope))


async def provide_issues(request: TrackerRequest, transaction: NamedDependency[Transaction]) -> IssueService:
    return IssueService(transaction.session, viewer_of(request.scope))
