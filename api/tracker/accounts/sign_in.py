"""Sign-in, refresh and sign-out: the operations around the refresh cookie."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from litestar import Controller, Response, post
from litestar.datastructures import ResponseHeader, State
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import Operation
from litestar.openapi.spec.media_type import OpenAPIMediaType
from litestar.openapi.spec.request_body import RequestBody
from litestar.openapi.spec.schema import Schema
from litestar.params import CookieParameter
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.accounts import cookies
from tracker.accounts.guards import same_site
from tracker.accounts.schemas import AccessGranted, Credentials
from tracker.accounts.sessions import Device, RefreshReused, SessionService, SignedIn
from tracker.accounts.tokens import Tokens
from tracker.accounts.viewer import Viewer
from tracker.core.admission import address_of
from tracker.core.errors import Invalid, Unauthenticated, UnsupportedMediaType
from tracker.core.limits import Limits, network_of
from tracker.core.observability import arrival_of
from tracker.core.openapi import WRITE, refusals
from tracker.core.passwords import Passwords
from tracker.core.request import STREAMED_BODY, TrackerRequest, decode_body, invalid_body, require_json
from tracker.core.schema import SMALL_BODY_BYTES
from tracker.core.transaction import Transaction
from tracker.settings import Settings

RefreshCookie = Annotated[
    str | None, CookieParameter(name=cookies.NAME, max_length=200, description="Set by sign-in; HttpOnly.")
]
ACCESS = "An access token, and a refresh cookie beside it."
SETS_COOKIE = ResponseHeader(name="Set-Cookie", documentation_only=True, description="`refresh_token`, HttpOnly.")
CLEARS_COOKIE = ResponseHeader(name="Set-Cookie", documentation_only=True, description="Removes `refresh_token`.")
# OAuth2 clients send these beside name and password; they mean nothing here.
OAUTH2_EXTRAS = ("grant_type", "scope", "client_id", "client_secret")


def _object(required: list[str], **properties: Schema) -> Schema:
    return Schema(type="object", required=required, properties=properties, additional_properties=False)  # pyright: ignore[reportArgumentType]


@dataclass
class SignInOperation(Operation):
    """Documents the two bodies that sign-in takes."""

    def __post_init__(self) -> None:
        name = Schema(type="string", max_length=254)  # pyright: ignore[reportArgumentType]
        password = Schema(type="string", format="password", max_length=128)  # pyright: ignore[reportArgumentType]
        ignored = Schema(type="string", description="Ignored.")  # pyright: ignore[reportArgumentType]
        extras = dict.fromkeys(OAUTH2_EXTRAS, ignored)
        self.request_body = RequestBody(
            required=True,
            content={
                "application/x-www-form-urlencoded": OpenAPIMediaType(
                    schema=_object(["username", "password"], username=name, password=password, **extras),
                    example={"username": "ann@example.com", "password": "correct horse battery staple"},
                ),
                "application/json": OpenAPIMediaType(
                    schema=_object(["email", "password"], email=name, password=password),
                    example={"email": "ann@example.com", "password": "correct horse battery staple"},
                ),
            },
        )


class SignInController(Controller):
    path = "/users"
    tags = ["Accounts"]
    request_max_body_size = SMALL_BODY_BYTES

    @post(
        "/token",
        operation_id="signIn",
        operation_class=SignInOperation,
        summary="Sign in",
        status_code=200,
        public=True,
        opt={STREAMED_BODY: True},
        security=[{}],
        guards=[same_site],
        response_description=ACCESS,
        response_headers=[SETS_COOKIE],
        responses=refusals(400, 401, 403, 413, 415, 429),
    )
    async def sign_in(
        self,
        request: TrackerRequest,
        session: NamedDependency[AsyncSession],
        sessions: NamedDependency[SessionService],
        passwords: NamedDependency[Passwords],
        state: State,
    ) -> Response[AccessGranted]:
        """Takes an OAuth2 password form (`username`, `password`) or JSON (`email`, `password`).

        A wrong password, an unknown address and a deactivated account get one and the same 401. Too many of these, for
        an account or from an address, are followed by 429 for a while.
        """
        settings: Settings = state.settings
        credentials = await read_credentials(request)
        address = address_of(request)
        limits: Limits = state.limits
        account = credentials.email.strip().lower()
        whom = {"sign_in_account": account, "sign_in_address": network_of(address), "sign_in": "everybody"}
        async with limits.counting(Unauthenticated, **whom), _token_transaction(session):
            signed_in = await sessions.sign_in(
                credentials,
                Device(
                    user_agent=request.headers.get("user-agent", ""),
                    ip=address,
                ),
                passwords=passwords,
                lifetime=timedelta(days=settings.session_days),
            )
        return grant_access(signed_in, request, state)

    @post(
        "/token/refresh",
        operation_id="refreshToken",
        summary="Trade the refresh cookie for a new access token",
        status_code=200,
        public=True,
        security=[{"refreshCookie": []}],
        guards=[same_site],
        response_description=ACCESS,
        response_headers=[SETS_COOKIE],
        responses=refusals(400, 401, 403, 413, 415),
    )
    async def refresh_token(
        self,
        request: TrackerRequest,
        session: NamedDependency[AsyncSession],
        sessions: NamedDependency[SessionService],
        state: State,
        refresh_cookie: RefreshCookie = None,
    ) -> Response[AccessGranted]:
        """Rotates the cookie. A cookie that was used before ends its session on all devices that hold it.

        Requests that overlap, as from two tabs, all get an access token, and one of them the next cookie.
        """
        settings: Settings = state.settings
        async with _token_transaction(session):
            try:
                signed_in = await sessions.refresh(
                    refresh_cookie,
                    lifetime=timedelta(days=settings.session_days),
                    arrived_at=arrival_of(request.scope),
                )
            except RefreshReused as reused:
                await sessions.end(reused.session_id)
                signed_in = None
        if signed_in is None:
            raise Unauthenticated("This session was ended, because its refresh token was used twice. Sign in again.")
        return grant_access(signed_in, request, state)

    @post(
        "/logout",
        operation_id="signOut",
        summary="End this session",
        status_code=204,
        optional_auth=True,
        security=[{"password": []}, {"refreshCookie": []}],
        guards=[same_site],
        response_headers=[CLEARS_COOKIE],
        responses=WRITE | refusals(403),
    )
    async def sign_out(
        self,
        request: TrackerRequest,
        viewer: NamedDependency[Viewer | None],
        sessions: NamedDependency[SessionService],
        transaction: NamedDependency[Transaction],
        refresh_cookie: RefreshCookie = None,
    ) -> Response[None]:
        """The session of the access token, or else of the refresh cookie. Takes effect at once, everywhere."""
        async with transaction:
            session_id = viewer.session_id if viewer else None
            if session_id is None and refresh_cookie:
                session_id = await sessions.session_of(refresh_cookie)
            if session_id is None:
                raise Unauthenticated
            await sessions.end(session_id)
            response = await transaction.answer(status_code=204)
        cookies.clear_refresh_cookie(response, request)
        return response

    @post(
        "/logout/all",
        operation_id="signOutEverywhere",
        summary="End all of one's sessions",
        status_code=204,
        response_headers=[CLEARS_COOKIE],
        responses=WRITE,
    )
    async def sign_out_everywhere(
        self,
        request: TrackerRequest,
        viewer: NamedDependency[Viewer],
        sessions: NamedDependency[SessionService],
        transaction: NamedDependency[Transaction],
    ) -> Response[None]:
        async with transaction:
            await sessions.end_all(viewer.id)
            response = await transaction.answer(status_code=204)
        cookies.clear_refresh_cookie(response, request)
        return response


def _token_transaction(session: AsyncSession) -> Transaction:
    """Without the caller's Idempotency-Key: to replay an answer is to store it, and tokens are never stored."""
    return Transaction(session)


async def read_credentials(request: TrackerRequest) -> Credentials:
    """Name and password from either kind of body."""
    content_type, _ = request.content_type
    body = await request.body()
    if content_type == RequestEncodingType.JSON:
        require_json(request)
        return decode_body(body, Credentials)
    if content_type != RequestEncodingType.URL_ENCODED:
        raise UnsupportedMediaType("Send a form (application/x-www-form-urlencoded) or application/json.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10, errors="strict")
    except ValueError:
        raise Invalid("The form is not valid.") from None
    named = [("email" if name == "username" else name, value) for name, value in pairs if name not in OAUTH2_EXTRAS]
    fields = dict(named)
    if len(fields) != len(named):
        raise Invalid("A field of the form is given twice.")
    try:
        return msgspec.convert(fields, Credentials)
    except msgspec.ValidationError as error:
        raise invalid_body(error) from None


def grant_access(signed_in: SignedIn, request: TrackerRequest, state: State) -> Response[AccessGranted]:
    tokens: Tokens = state.tokens
    response = Response(
        AccessGranted(
            access_token=tokens.issue(signed_in.user_id, signed_in.session_id), expires_in=tokens.lifetime_seconds
        ),
        headers={"Cache-Control": "no-store"},
    )
    if signed_in.refresh_token:
        cookies.set_refresh_cookie(response, signed_in.refresh_token, request, state.settings)
    return response
