"""What the API answers, and what handlers may ask for by name."""

from typing import Any

from litestar.types import ControllerRouterHandler

from tracker.accounts.administration import UserController, list_assignable_users
from tracker.accounts.controllers import ProfileController, RegistrationController
from tracker.accounts.dependencies import provide_passwords, provide_sessions, provide_users, provide_viewer
from tracker.accounts.sign_in import SignInController
from tracker.attachments.controllers import AttachmentController
from tracker.comments.controllers import CommentController
from tracker.core.dependencies import provide_session, provide_transaction
from tracker.core.documentation import redirect_to_document, redirect_to_ui
from tracker.imports.controllers import ImportController
from tracker.issues.administration import TrashController, list_tags
from tracker.issues.controllers import IssueController
from tracker.issues.dependencies import provide_issue_list, provide_issue_reader, provide_issues
from tracker.operations.controllers import list_checks, list_jobs
from tracker.operations.health import read_liveness, read_readiness
from tracker.operations.metrics import read_metrics
from tracker.realtime.controllers import list_events
from tracker.realtime.sockets import open_socket
from tracker.search.controllers import SearchController
from tracker.search.dependencies import provide_search
from tracker.statistics.controllers import list_daily_stats, read_dashboard

ROUTE_HANDLERS: list[ControllerRouterHandler] = [
    RegistrationController,
    SignInController,
    ProfileController,
    list_assignable_users,
    UserController,
    IssueController,
    SearchController,
    TrashController,
    ImportController,
    list_tags,
    CommentController,
    AttachmentController,
    open_socket,
    list_events,
    read_dashboard,
    list_daily_stats,
    list_jobs,
    list_checks,
    read_liveness,
    read_readiness,
    read_metrics,
    redirect_to_ui,
    redirect_to_document,
]

DEPENDENCIES: dict[str, Any] = {
    "session": provide_session,
    "transaction": provide_transaction,
    "viewer": provide_viewer,
    "passwords": provide_passwords,
    "users": provide_users,
    "sessions": provide_sessions,
    "issues": provide_issues,
    "issue_list": provide_issue_list,
    "issue_reader": provide_issue_reader,
    "search": provide_search,
}
