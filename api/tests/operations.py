"""The API's operations, as its own OpenAPI document lists them; tests over all of them are made from this."""

from copy import deepcopy
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar

from tracker.app import create_app
from tracker.settings import Settings

Json = dict[str, Any]


class Operation(msgspec.Struct, frozen=True):
    """One operation of the document."""

    id: str
    method: str
    path: str
    described: Json
    document: Json

    def __str__(self) -> str:
        return self.id

    @property
    def parameters(self) -> list[Json]:
        return [self.resolve(parameter) for parameter in self.described.get("parameters", [])]

    @property
    def responses(self) -> dict[str, Json]:
        return {status: self.resolve(response) for status, response in self.described["responses"].items()}

    @property
    def bodies(self) -> dict[str, Json]:
        """By content type, what the operation takes."""
        return self.described.get("requestBody", {}).get("content", {})

    @property
    def is_public(self) -> bool:
        """Whether it can be called without an access token."""
        return any("password" not in way and "bearer" not in way for way in self.security)

    @property
    def security(self) -> list[Json]:
        return self.described.get("security", self.document["security"])

    @property
    def takes_token(self) -> bool:
        return any("password" in way or "bearer" in way for way in self.security)

    @property
    def takes_ids(self) -> list[str]:
        return [parameter["name"] for parameter in self.parameters if parameter["in"] == "path"]

    def example_body(self) -> Any:
        """A copy of the documented example of a JSON body; None for an operation that takes none."""
        body = self.bodies.get("application/json")
        return None if body is None else deepcopy(next(iter(self.examples_of(body))))

    def example_request(self) -> dict[str, Any]:
        """The body as httpx takes it."""
        if "multipart/form-data" in self.bodies:
            return {"files": {"files": ("notes.txt", b"It fails on Mondays.", "text/plain")}}
        return {"json": self.example_body()}

    def examples_of(self, content: Json) -> list[Any]:
        """The examples of a body, of a request or of an answer."""
        named = [self.resolve(example)["value"] for example in content.get("examples", {}).values()]
        return named + [content[name] for name in ["example"] if name in content]

    def resolve(self, node: Json) -> Json:
        """What a `$ref` refers to."""
        while "$ref" in node:
            found = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node


def operations_of(app: Litestar) -> list[Operation]:
    document = app.openapi_schema.to_schema()
    return [
        Operation(id=described["operationId"], method=method.upper(), path=path, described=described, document=document)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


@cache
def all_operations() -> list[Operation]:
    """For parametrising, which happens before there is a database."""
    return operations_of(create_app(Settings(database_url="postgresql+asyncpg://", secret_key="-")))


def operation(operation_id: str) -> Operation:
    return next(found for found in all_operations() if found.id == operation_id)
