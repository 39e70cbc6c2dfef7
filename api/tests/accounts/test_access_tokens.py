"""Access tokens that are not ours, or not any more."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from httpx import AsyncClient

from tests.conftest import SECRET_KEY
from tests.people import Person, accepted, refused


@pytest.fixture
def claims(reporter: Person) -> dict[str, Any]:
    """What a good token of the reporter says."""
    token = reporter.headers["Authorization"].removeprefix("Bearer ")
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def sign(claims: dict[str, Any], key: str = SECRET_KEY, algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers or None)  # pyright: ignore[reportUnknownMemberType]  # PyJWT types its keys loosely


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def is_taken(client: AsyncClient, token: str) -> bool:
    answer = await client.get("/users/me", headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == 200:
        return True
    refused(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    return False


async def test_a_token_says_who_which_session_and_until_when(claims: dict[str, Any], reporter: Person) -> None:
    assert set(claims) == {"iss", "aud", "sub", "jti", "sid", "typ", "iat", "exp"}
    assert claims["sub"] == str(reporter.id)
    assert claims["exp"] - claims["iat"] == 600


async def test_what_we_sign_is_taken(client: AsyncClient, claims: dict[str, Any]) -> None:
    assert await is_taken(client, sign(claims))


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "jti", "sid", "typ", "iat", "exp"])
async def test_every_claim_is_required(client: AsyncClient, claims: dict[str, Any], claim: str) -> None:
    assert not await is_taken(client, sign({name: value for name, value in claims.items() if name != claim}))
    assert not await is_taken(client, sign(claims | {claim: ""}))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody"},
        {"aud": "web"},
        {"aud": ["tracker-api", "web"]},
        {"typ": "refresh"},
        {"sub": "0"},
        {"sub": "+1"},
        {"sub": "\u0661"},
        {"sub": "9" * 18},
        {"sub": 1},
        {"sub": ["1"]},
        {"sid": "1"},
        {"sid": "2f1c7d1e-5d0b-4a52-9a3e-0c5a3f1f7a11"},
        {"sid": {"": ""}},
        {"jti": 7},
        {"exp": "9999999999"},
        {"exp": 10**400},
        {"exp": True},
        {"nbf": 9999999999},
    ],
    ids=str,
)
async def test_claims_of_another_kind_are_refused(
    client: AsyncClient, claims: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert not await is_taken(client, sign(claims | changed))


async def test_times_are_checked(client: AsyncClient, claims: dict[str, Any]) -> None:
    now = int(time.time())
    for issued, expires in (
        (now - 700, now - 100),  # expired
        (now, now + 601),  # lives longer than any that we give out
        (now - 86_400, now + 60),
        (now + 300, now + 900),  # issued in the future
        (now, now),
        (now, now - 1),
    ):
        assert not await is_taken(client, sign(claims | {"iat": issued, "exp": expires}))
    assert await is_taken(client, sign(claims | {"iat": now - 590, "exp": now + 10}))


async def test_other_keys_and_algorithms_are_refused(client: AsyncClient, claims: dict[str, Any]) -> None:
    assert not await is_taken(client, sign(claims, key="another key of 32 bytes or more, too"))
    for algorithm in ("HS384", "HS512"):
        assert not await is_taken(client, sign(claims, key=SECRET_KEY * 4, algorithm=algorithm))
        assert not await is_taken(client, sign(claims, key=SECRET_KEY.ljust(64), algorithm=algorithm))
    body = encoded(claims)
    good = sign(claims).split(".")
    for algorithm in ("none", "None", "NONE", "", "RS256", None):
        header = encoded({"alg": algorithm, "typ": "JWT"})
        for signature in ("", good[2]):
            assert not await is_taken(client, f"{header}.{body}.{signature}")
    assert not await is_taken(client, sign(claims, jwk={"kty": "oct", "k": "AAAA"}, crit=["exp"]))
    assert not await is_taken(client, f"{good[0]}.{encoded(claims | {'sub': '1'})}.{good[2]}")


async def test_a_session_of_somebody_else_is_no_way_in(
    client: AsyncClient, claims: dict[str, Any], admin: Person
) -> None:
    assert not await is_taken(client, sign(claims | {"sub": str(admin.id)}))


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "bearer a.b.c", "Bearer a b c", "Bearer " + "a" * 5000, "Token x", ""],
)
async def test_what_is_no_bearer_token_is_refused(client: AsyncClient, reporter: Person, header: str) -> None:
    refused(await client.get("/users/me", headers={"Authorization": header}), 401)


async def test_a_huge_token_is_refused_even_if_we_signed_it(client: AsyncClient, claims: dict[str, Any]) -> None:
    assert not await is_taken(client, sign(claims | {"more": "x" * 8_000}))


async def test_a_token_in_the_address_is_not_looked_at(client: AsyncClient, claims: dict[str, Any]) -> None:
    refused(await client.get("/users/me", params={"access_token": sign(claims), "token": sign(claims)}), 401)


async def test_the_scheme_is_compared_without_case(client: AsyncClient, claims: dict[str, Any]) -> None:
    accepted(await client.get("/users/me", headers={"Authorization": f"bEARER {sign(claims)}"}))
