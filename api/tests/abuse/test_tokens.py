"""Tokens that are forged, confused, worn out or stolen, on every replica and on the socket."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient

from tests.abuse.installation import CANARY, Installation
from tests.conftest import SECRET_KEY
from tests.people import Person, accepted, client_at, refused, sign_in
from tests.realtime.listener import knocking

Json = dict[str, Any]


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forged(claims: Json, *, key: str = SECRET_KEY, digest: str = "sha256", **header: Any) -> str:
    """Signed by hand, because no library would do some of it."""
    text = f"{encoded({'alg': 'HS256', 'typ': 'JWT'} | header)}.{encoded(claims)}"
    signature = hmac.new(key.encode(), text.encode(), digest).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
NOW = int(time.time())
FORGERIES: dict[str, Callable[[Json], str]] = {
    "no algorithm": lambda claims: f"{encoded({'alg': 'none'})}.{encoded(claims)}.",
    "no algorithm, oddly spelled": lambda claims: f"{encoded({'alg': 'nOnE'})}.{encoded(claims)}.",
    "no algorithm, yet signed": lambda claims: forged(claims, alg="none"),
    "no signature": lambda claims: forged(claims).rpartition(".")[0] + ".",
    "a public key for a secret": lambda claims: forged(claims, key=PUBLIC_KEY, jwk={"kty": "EC", "crv": "P-256"}),
    "RS256 with our secret": lambda claims: forged(claims, alg="RS256"),
    "HS512 in name only": lambda claims: forged(claims, alg="HS512"),
    "HS512": lambda claims: forged(claims, alg="HS512", digest="sha512"),
    "a key of nothing": lambda claims: forged(claims, key="", kid="/dev/null"),
    "a key from a path": lambda claims: forged(claims, key="", kid="../../../../../../dev/null"),
    "a key from a query": lambda claims: forged(claims, key=CANARY, kid=f"x' UNION SELECT '{CANARY}' --"),
    "a key from an address": lambda claims: forged(claims, key=CANARY, jku=f"http://127.0.0.1:9/{CANARY}"),
    "a key brought along": lambda claims: forged(claims, key=CANARY, jwk={"kty": "oct", "k": "YzRuNHJ5"}),
    "a certificate brought along": lambda claims: forged(claims, key=CANARY, x5c=["MIIB"], x5u="http://127.0.0.1:9"),
    "a critical extension": lambda claims: forged(claims, crit=["exp"]),
    "an unencoded body": lambda claims: forged(claims, b64=False, crit=["b64"]),
    "a guessed key": lambda claims: forged(claims, key="secret"),
    "our key and a space": lambda claims: forged(claims, key=SECRET_KEY + " "),
    "expired": lambda claims: forged(claims | {"iat": NOW - 1000, "exp": NOW - 400}),
    "not yet valid": lambda claims: forged(claims | {"nbf": NOW + 3600}),
    "valid for a year": lambda claims: forged(claims | {"exp": NOW + 31_536_000}),
    "issued tomorrow": lambda claims: forged(claims | {"iat": NOW + 86_400, "exp": NOW + 86_700}),
    "another type": lambda claims: forged(claims | {"typ": "refresh"}),
    "another issuer": lambda claims: forged(claims | {"iss": "https://evil.example"}),
    "another audience": lambda claims: forged(claims | {"aud": "somebody"}),
    "several audiences": lambda claims: forged(claims | {"aud": ["tracker-api", "somebody"]}),
    "somebody else": lambda claims: forged(claims | {"sub": str(int(claims["sub"]) + 1)}),
    "a number for a subject": lambda claims: forged(claims | {"sub": int(claims["sub"])}),
    "no session": lambda claims: forged({name: value for name, value in claims.items() if name != "sid"}),
    "a session of nobody": lambda claims: forged(claims | {"sid": "00000000-0000-4000-8000-000000000000"}),
    "other claims, same signature": lambda claims: ".".join(
        [forged(claims).split(".")[0], encoded(claims | {"role": "admin", "sub": "1"}), forged(claims).split(".")[2]]
    ),
    "cut short": lambda claims: forged(claims)[:-10],
    "only a head": lambda claims: forged(claims).split(".")[0],
    "a fourth part": lambda claims: forged(claims) + ".e30",
    "encrypted": lambda claims: f"{encoded({'alg': 'dir', 'enc': 'A256GCM'})}..e30.e30.e30",
    "huge": lambda claims: forged(claims | {"more": "x" * 5000}),
    "deep": lambda claims: f"{encoded({'alg': 'HS256'})}.{base64.urlsafe_b64encode(b'[' * 2500).decode()}.x",
    "a list": lambda claims: forged([claims]),  # pyright: ignore[reportArgumentType]
    "nothing at all": lambda claims: "..",
}


@pytest.fixture
def claims(reporter: Person) -> Json:
    payload = reporter.token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def test_no_forged_token_is_taken(house: Installation, client: AsyncClient, claims: Json) -> None:
    accepted(await client.get("/users/me", headers={"Authorization": f"Bearer {forged(claims)}"}))
    for name, forge in FORGERIES.items():
        answer = await client.get("/users/me", headers={"Authorization": f"Bearer {forge(claims)}"})
        assert answer.status_code == 401, name
        refused(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer"), name


async def test_no_forged_token_opens_a_socket(house: Installation, claims: Json) -> None:
    for name, forge in FORGERIES.items():
        async with knocking(house.proxy.web, path="/api/ws") as listener:
            await listener.send({"type": "auth", "token": forge(claims), "cursor": None})
            assert await listener.closed() == (4401, "not signed in"), name


async def test_a_thief_and_the_owner_of_a_refresh_token_both_lose_the_session(
    house: Installation, client: AsyncClient, reporter: Person
) -> None:
    access = (await sign_in(client, reporter.email))["access_token"]
    stolen = client.cookies["refresh_token"]
    newer = accepted(await client.post("/users/token/refresh"))["access_token"]
    house.secrets.update({stolen, client.cookies["refresh_token"]})
    async with house.at_the_door(cookies={"refresh_token": stolen}) as thief:
        refused(await thief.post("/users/token/refresh"), 401)
        refused(await thief.post("/users/token/refresh"), 401)
    refused(await client.post("/users/token/refresh"), 401)
    await is_shut_out(house, access, newer)
    accepted(await reporter.get("/users/me"))


@pytest.mark.parametrize("end", ["signed out", "signed out everywhere", "deactivated", "given a new password"])
async def test_whoever_is_shut_out_is_so_on_every_replica_at_once(
    end: str, house: Installation, client: AsyncClient, admin: Person, reporter: Person
) -> None:
    access = (await sign_in(client, reporter.email))["access_token"]
    house.secrets.add(client.cookies["refresh_token"])
    match end:
        case "signed out":
            answer = await client.post("/users/logout", headers={"Authorization": f"Bearer {access}"})
        case "signed out everywhere":
            answer = await reporter.post("/users/logout/all")
        case "deactivated":
            answer = await admin.patch(f"/users/{reporter.id}", json={"is_active": False})
        case _:
            answer = await admin.patch(f"/users/{reporter.id}", json={"password": f"{CANARY} {CANARY}"})
    assert answer.is_success
    await is_shut_out(house, access)
    refused(await client.post("/users/token/refresh"), 401)


async def test_a_demoted_maintainer_is_a_reporter_on_every_replica_at_once(
    house: Installation, admin: Person, maintainer: Person, reporter: Person
) -> None:
    issue = await reporter.open_issue()
    accepted(await maintainer.get(f"/issues/{issue['id']}"))
    accepted(await admin.patch(f"/users/{maintainer.id}", json={"role": "reporter"}))
    for replica in house.replicas:
        async with client_at(f"http://{replica}", headers=maintainer.headers) as inside:
            assert (await inside.get(f"/issues/{issue['id']}")).status_code == 404
            assert (await inside.get("/users/assignable")).status_code == 403


async def is_shut_out(house: Installation, *tokens: str) -> None:
    for replica in house.replicas:
        async with client_at(f"http://{replica}") as inside:
            for token in tokens:
                answer = await inside.get("/users/me", headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == 401, replica
