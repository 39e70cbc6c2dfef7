"""`components.schemas`, as msgspec describes the structs that it reads and writes.

Litestar's own description of them forgets what holds for the items of a list, and that unknown fields are refused.
"""

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from textwrap import dedent
from typing import Any, get_args

import msgspec
from litestar.serialization import decode_json, encode_json
from msgspec import NODEFAULT

from tracker.core.paging import Page
from tracker.core.schema import Input, Output

Json = dict[str, Any]
_PAGE = re.compile(r"Page_(\w+)_")


def describe_schemas(document: Json) -> Json:
    """The document with better schemas, under the names that clients use: `UserView` becomes `User`."""
    # Litestar puts modules into the names of pages, msgspec doesn't.
    document = decode_json(re.sub(r"Page_(?:\w+\.)+(\w+_)", r"Page_\1", encode_json(document).decode()))
    schemas: Json = document["components"]["schemas"]
    structs = {struct.__name__: struct for struct in _subclasses(msgspec.Struct)}
    pages = [structs[page[1]] for name in schemas if (page := _PAGE.fullmatch(name))]
    types = [structs[name] for name in schemas if name in structs] + [Page[item] for item in pages]
    _, described = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for name, schema in described.items():
        if schema.get("type") == "object":  # Litestar keeps the order of enums
            schemas[name] = schema
            if name in structs:
                _complete(schema, structs[name])
    names = _public_names(schemas)
    public = {names[name]: schema for name, schema in schemas.items()}
    document["components"]["schemas"] = {name: public[name] | {"title": name} for name in sorted(public)}
    text = re.sub(r'(?<="#/components/schemas/)[^"]+', lambda name: names[name[0]], encode_json(document).decode())
    # JSON Schema's regular expressions are those of JavaScript.
    return decode_json(text.replace(r'"\\A', '"^').replace(r'\\Z"', '$"'))


def _subclasses(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for subclass in struct.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _public_names(names: Iterable[str]) -> dict[str, str]:
    """`UserView` is `User` to clients, `Page[UserView]` is `UserPage`, `PersonRef` is `Person` if no other is."""
    public = {name: _PAGE.sub(r"\1Page", name).replace("ViewPage", "Page").removesuffix("View") for name in names}
    taken = set(public.values())
    public |= {name: short for name, long in public.items() if (short := long.removesuffix("Ref")) not in taken}
    if len(set(public.values())) < len(public):
        raise ValueError(f"two schemas have one name: {sorted(public.values())}")
    return public


def _complete(schema: Json, struct: type[msgspec.Struct]) -> None:
    """Adds what msgspec leaves out: the notes under the fields, RFC 3339, and that an answer holds all its fields."""
    for name, note in _field_notes(struct).items():
        schema["properties"][name].setdefault("description", note)
    for field in msgspec.structs.fields(struct):
        if datetime in (field.type, *get_args(field.type)):
            described: Json = schema["properties"][field.encode_name]
            for part in described.get("anyOf", [described]):
                if part["type"] == "string":
                    part["format"] = "date-time"
    if issubclass(struct, Output):
        omits = struct.__struct_config__.omit_defaults
        schema["required"] = [
            field.encode_name
            for field in msgspec.structs.fields(struct)
            if not (omits and field.default is not NODEFAULT)
        ]


def _field_notes(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The docstrings of a struct's fields."""
    notes: dict[str, str] = {}
    for owner in reversed(struct.__mro__):
        if issubclass(owner, Input | Output):
            (definition,) = ast.parse(dedent(inspect.getsource(owner))).body
            for field, note in pairwise(ast.iter_child_nodes(definition)):
                match field, note:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        notes[name] = inspect.cleandoc(text)
                    case _:
                        pass
    return notes
