"""Completes what Litestar gathers from the handlers, so that a stranger can write a client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI

from tracker.core.openapi.refusals import MEDIA_TYPE, NAMES, shared_responses
from tracker.core.openapi.schemas import Json, describe_schemas
from tracker.core.schema import MAX_ID

HEADERS = {
    "X-Request-Id": "Names this request in the log. Quote it when something goes wrong.",
    "X-Event-Ids": "The events that this write caused, as `17,18`; empty when it caused none.",
    "Idempotent-Replayed": "`true` when this is the first answer again, because of its `Idempotency-Key`.",
    "Location": "The address of what was created, below the API's root.",
    "ETag": "The version at hand, for `If-None-Match`.",
    "Retry-After": "After how many seconds to try again.",
    "WWW-Authenticate": "How to sign in: `Bearer`.",
}
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A new name for this write, such as a UUID. Sent again within 24 hours with the same body, the "
    "write is not done again and the first answer is repeated; with another body it is refused (409).",
    # No example: Swagger UI would send it, again and again.
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}

Examples = Mapping[str, Any]
"""By the name of a schema or, for what has none, of an operation."""


class Document(OpenAPI):
    examples: Examples

    def to_schema(self) -> Json:
        document = describe_schemas(super().to_schema())
        document["components"] |= {
            "headers": {
                name: {"description": description, "schema": {"type": "string"}}
                for name, description in HEADERS.items()
            },
            "parameters": {"Idempotency-Key": IDEMPOTENCY_KEY},
            "responses": shared_responses(self.examples.get("Issue")),
            "examples": {name: {"value": value} for name, value in self.examples.items()},
        }
        for path in document["paths"].values():
            for method, operation in path.items():
                _complete(operation, self.examples, writes=method != "get")
        return document


@dataclass
class DocumentConfig(OpenAPIConfig):
    examples: Examples = field(default_factory=dict[str, Any])

    def to_openapi_schema(self) -> OpenAPI:
        document = Document(**vars(super().to_openapi_schema()))
        document.examples = self.examples
        return document


def _complete(operation: Json, examples: Examples, *, writes: bool) -> None:
    # A write that may clash with an earlier use of a key is one that takes a key.
    takes_key = writes and "409" in operation["responses"]
    parameters = [_parameter(parameter) for parameter in operation.get("parameters", [])]
    if takes_key:
        parameters.append({"$ref": "#/components/parameters/Idempotency-Key"})
    if parameters:
        operation["parameters"] = parameters
    _show_examples(operation.get("requestBody", {}), operation["operationId"], examples)
    operation["responses"] = {
        status: _response(status, response, operation, examples, takes_key=takes_key)
        for status, response in sorted(operation["responses"].items())
    }
    _drop_denials(operation)


def _parameter(parameter: Json) -> Json:
    """An absent parameter is one that is not sent; there is no way to send null."""
    schema: Json = parameter["schema"]
    alternatives: list[Json] = schema.pop("oneOf", [])
    for alternative in alternatives:
        if alternative != {"type": "null"}:
            schema |= alternative
    schema.pop("description", None)
    for bound in {"minimum", "maximum"} & schema.keys():
        schema[bound] = min(int(schema[bound]), MAX_ID)
    return _drop_denials(parameter)


def _response(status: str, response: Json, operation: Json, examples: Examples, *, takes_key: bool) -> Json:
    content: Json = response.get("content", {})
    if MEDIA_TYPE in content:
        return {"$ref": f"#/components/responses/{NAMES[status]}"}
    if content.get("application/json", {}).get("schema") == {"type": "null"}:
        del response["content"]
    for media_type in {"application/x-ndjson", "text/csv", "text/plain"} & content.keys():
        content[media_type]["schema"] = {"type": "string"}
    if "application/octet-stream" in content:  # a file says itself of what type it is
        response["content"] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    if response["description"] == HTTPStatus(int(status)).description:
        response["description"] = "Done." if status == "204" else operation["summary"]
    names = ["X-Request-Id"]
    if takes_key:
        names += ["X-Event-Ids", "Idempotent-Replayed"]
    if status == "201":
        names.append("Location")
    if status == "304":
        names.append("ETag")
    own: Json = {
        name: {"schema": {"type": "string"}} | _drop_denials(header)
        # Sorted, because Litestar keeps them in a set.
        for name, header in sorted(response.get("headers", {}).items())
    }
    response["headers"] = own | {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    _show_examples(response, operation["operationId"], examples)
    return response


def _show_examples(message: Json, operation_id: str, examples: Examples) -> None:
    for content in message.get("content", {}).values():
        schema: Json = content["schema"]
        items: Json = schema.get("items", {})
        name = schema.get("$ref", operation_id).rpartition("/")[2]
        item = items.get("$ref", "").rpartition("/")[2]
        if item in examples:
            content["example"] = [examples[item]]
        elif name in examples:
            content["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}


def _drop_denials(node: Json) -> Json:
    """Without the many `deprecated: false`, which are the default anyway."""
    for name in ("deprecated", "allowEmptyValue", "allowReserved"):
        if node.get(name) is False:
            del node[name]
    return node
