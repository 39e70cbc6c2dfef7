"""What search handlers are given."""

from litestar.datastructures import State

from tracker.core.request import TrackerRequest, viewer_of
from tracker.search.services import Search


async def provide_search(request: TrackerRequest, state: State) -> Search:
    return Search(state.reads, state.own_words, viewer_of(request.scope))
