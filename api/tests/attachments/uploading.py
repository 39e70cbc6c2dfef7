"""How people and attackers send files."""

from pathlib import Path
from typing import Any

from httpx import Response

from tests.people import Person, accepted

BOUNDARY = "b0undary"

File = tuple[str, bytes] | tuple[str, bytes, str]


async def upload(person: Person, issue: dict[str, Any], *files: File, key: str | None = None) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    form = [("files", file) for file in files]
    return await person.post(f"/issues/{issue['id']}/attachments", files=form, headers=headers)


async def attached(person: Person, issue: dict[str, Any], *files: File) -> list[dict[str, Any]]:
    return accepted(await upload(person, issue, *files), 201)


async def download(person: Person, issue: dict[str, Any], file: dict[str, Any], **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return await person.get(f"/issues/{issue['id']}/attachments/{file['id']}/content", headers=names)


def part(
    content: bytes = b"hello", *, disposition: str | bytes = 'form-data; name="files"; filename="a.txt"', **more: str
) -> bytes:
    """One part, with whatever headers an attacker likes."""
    shown = disposition if isinstance(disposition, bytes) else disposition.encode()
    lines = [b"Content-Disposition: " + shown]
    lines += [f"{name.replace('_', '-')}: {value}".encode() for name, value in more.items()]
    return b"\r\n".join([*lines, b"", content])


def form(*parts: bytes, boundary: str = BOUNDARY) -> bytes:
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + content + b"\r\n" for content in parts) + mark + b"--\r\n"


async def send(
    person: Person, issue: dict[str, Any], body: Any, content_type: str = f"multipart/form-data; boundary={BOUNDARY}"
) -> Response:
    address = f"/issues/{issue['id']}/attachments"
    return await person.post(address, content=body, headers={"Content-Type": content_type})


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def contents_of(folder: Path) -> list[bytes]:
    """Everything that lies in the store, half files and forgotten ones too."""
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())
