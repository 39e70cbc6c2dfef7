"""Files that are not what they say, and forms that are no forms: refused, and nothing of them stays."""

import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.attachments.files import CSV, DOCUMENT, GIF, JPEG, WEBP, archive, pdf, png
from tests.attachments.uploading import BOUNDARY, attached, contents_of, download, form, names_in, part, send, upload
from tests.people import Person, accepted, refused
from tracker.core.database import Sessions
from tracker.models import Attachment

SCRIPT = b"<script>alert(1)</script>"
HTML = b"<!doctype html><html><body>" + SCRIPT + b"</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'

PRETENDERS: dict[str, tuple[str, bytes, str]] = {
    "a picture that is HTML": ("a.png", HTML, "image/png"),
    "a picture that is SVG": ("a.png", SVG, "image/png"),
    "text that is HTML": ("a.txt", HTML, "text/plain"),
    "text that is HTML behind comments": ("a.txt", b" <!-- a --> \n<!-- b --><HTML >", "text/plain"),
    "a log that is SVG": ("a.log", SVG, "text/plain"),
    "a table that is XML": ("a.csv", b'<?xml version="1.0"?><a/>', "text/csv"),
    "HTML by its name": ("a.html", HTML, "text/html"),
    "SVG by its name": ("a.svg", SVG, "image/svg+xml"),
    "a program": ("setup.exe", b"MZ\x90\0", "application/octet-stream"),
    "a program called text": ("setup.txt", b"MZ\x90\0\3", "text/plain"),
    "an office document": ("a.docx", archive(**{"word/document.xml": b"<w/>"}), "application/zip"),
    "a PNG called JPEG": ("a.jpg", png(), "image/jpeg"),
    "a PNG declared a GIF": ("a.png", png(), "image/gif"),
    "a PNG declared HTML": ("a.png", png(), "text/html"),
    "a GIF called text": ("a.txt", GIF, "text/plain"),
    "a PDF called text": ("a.txt", pdf(), "text/plain"),
    "a ZIP called PDF": ("a.pdf", archive(), "application/pdf"),
    "no suffix": ("README", b"hello", "text/plain"),
    "only a suffix": (".png", png(), "image/png"),
    "no JSON": ("a.json", b"{'a': 1}", "application/json"),
    "half a JSON": ("a.json", DOCUMENT[:-1], "application/json"),
    "two JSONs": ("a.json", b"{} {}", "application/json"),
    "a JSON that is nested too deeply": ("a.json", b"[" * 100_000 + b"]" * 100_000, "application/json"),
    "UTF-16": ("a.txt", "hello".encode("utf-16"), "text/plain"),
    "Latin-1": ("a.csv", "Straße".encode("latin-1"), "text/csv"),
    "half a character at the end": ("a.txt", "ü".encode()[:1], "text/plain"),
    "an encoded surrogate": ("a.txt", b"\xed\xa0\x80", "text/plain"),
    "NUL": ("a.txt", b"hello\0", "text/plain"),
    "a control character": ("a.log", b"hello\x08", "text/plain"),
    "another charset": ("a.txt", b"hello", "text/plain; charset=utf-16"),
    "no charset at all": ("a.txt", b"hello", "text/plain; charset=bogus"),
    "half a PNG": ("a.png", png()[:-4], "image/png"),
    "a PNG with a program behind it": ("a.png", png() + b"MZ\x90", "image/png"),
    "a PNG with HTML in a comment": ("a.png", png(text=SCRIPT), "image/png"),
    "a PNG that is also a ZIP": ("a.png", png() + archive(), "image/png"),
    "a GIF that is also a script": ("a.gif", GIF[:13] + b"=1/*" + SCRIPT + b"*/;", "image/gif"),
    "a GIF that is also a JAR": ("a.gif", GIF + archive(), "image/gif"),
    "a JPEG that is also a ZIP": ("a.jpg", JPEG + archive(), "image/jpeg"),
    "a JPEG with HTML behind it": ("a.jpg", JPEG + HTML, "image/jpeg"),
    "a JPEG that is also a PDF": ("a.jpg", JPEG[:20] + pdf(), "image/jpeg"),
    "a WebP with more behind it": ("a.webp", WEBP + b"more", "image/webp"),
    "a PDF that is also a ZIP": ("a.pdf", pdf() + archive() + b"", "application/pdf"),
    "a ZIP that is also a PDF": ("a.zip", archive(comment=pdf()), "application/zip"),
    "a PDF with something before it": ("a.pdf", b"#!/bin/sh\n" + pdf(), "application/pdf"),
    "half a PDF": ("a.pdf", pdf()[:-20], "application/pdf"),
    "a ZIP with something before it": ("a.zip", b"#!/bin/sh\n" + archive(), "application/zip"),
    "half a ZIP": ("a.zip", archive()[:-1], "application/zip"),
}


async def nothing_is_left(person: Person, issue: dict[str, Any], folder: Path, sessions: Sessions) -> None:
    assert contents_of(folder) == []
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert accepted(await person.get(f"/issues/{issue['id']}")) == issue


@pytest.mark.parametrize("pretender", PRETENDERS.values(), ids=PRETENDERS.keys())
async def test_what_is_not_what_it_says_is_refused_by_name(
    reporter: Person, folder: Path, sessions: Sessions, pretender: tuple[str, bytes, str]
) -> None:
    issue = await reporter.open_issue()
    problem = refused(await upload(reporter, issue, pretender), 415)
    name = pretender[0].strip(".")
    assert problem["detail"].startswith(name)
    assert problem["errors"][0]["field"] == "files[0]"
    await nothing_is_left(reporter, issue, folder, sessions)


NAMES = {
    "../../../etc/passwd.txt": "passwd.txt",
    "C:\\Users\\ann\\error.log": "error.log",
    "..\\..\\a.txt": "a.txt",
    "/etc/cron.d/a.txt": "a.txt",
    "photo\u202egnp.exe.txt": "photognp.exe.txt",
    "\u200bzero\u2060 width\ufeff.txt": "zero width.txt",
    "tab\tand\u2028line.txt": "tab and line.txt",
    "%0D%0ASet-Cookie: a=b.txt": "Set-Cookie: a=b.txt",
    "say %22hello%22.txt": 'say "hello".txt',
    "nul\0byte.txt": "nulbyte.txt",
    "e\u0301clair.txt": "\u00e9clair.txt",
    "  . spaced  out . .txt": "spaced out . .txt",
    "\U0001f600 日本語.txt": "\U0001f600 日本語.txt",
    "a.php.txt": "a.php.txt",
    "x" * 300 + ".txt": "x" * 251 + ".txt",
    "ü" * 200 + ".txt": "ü" * 125 + ".txt",
}


@pytest.mark.parametrize(("given_name", "shown"), NAMES.items())
async def test_names_are_cleaned_for_people_and_never_used_for_storage(
    reporter: Person, folder: Path, given_name: str, shown: str
) -> None:
    issue = await reporter.open_issue()
    body = form(part(disposition=f'form-data; name="files"; filename="{given_name}"'.encode()))
    [file] = accepted(await send(reporter, issue, body), 201)
    assert file["name"] == shown
    saved = await download(reporter, issue, file)
    disposition = saved.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''")
    assert disposition.isascii()
    assert not {'"', "/", "\\", "\r", "\n"} & set(disposition)
    [stored] = names_in(folder)
    assert re.fullmatch(r"files/[0-9a-f]{2}/[0-9a-f]{32}", stored)


@pytest.mark.parametrize("name", ["", "..", "/", "\\", " . ", "\u202e", "a/", "\u2028"])
async def test_a_name_of_which_nothing_remains_is_no_name(
    reporter: Person, folder: Path, sessions: Sessions, name: str
) -> None:
    issue = await reporter.open_issue()
    disposition = f'form-data; name="files"; filename="{name}"'.encode()
    refused(await send(reporter, issue, form(part(disposition=disposition))), 400)
    await nothing_is_left(reporter, issue, folder, sessions)


FORM = f"multipart/form-data; boundary={BOUNDARY}"
GOOD = form(part())

MALFORMED: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", FORM, 400),
    "no part": (form(), FORM, 400),
    "no end": (GOOD[:-4], FORM, 400),
    "cut in a file": (GOOD[:-20], FORM, 400),
    "cut in a header": (GOOD[:40], FORM, 400),
    "another boundary": (form(part(), boundary="other"), FORM, 400),
    "no boundary": (GOOD, "multipart/form-data", 400),
    "an empty boundary": (GOOD, "multipart/form-data; boundary=", 400),
    "a strange boundary": (GOOD, 'multipart/form-data; boundary="a\\"\tb"', 400),
    "JSON": (b"{}", "application/json", 415),
    "a bare file": (b"hello", "text/plain", 415),
    "no type": (GOOD, "", 415),
    "another multipart": (GOOD, f"multipart/mixed; boundary={BOUNDARY}", 415),
    "a bogus charset": (GOOD, FORM + "; charset=bogus", 415),
    "a charset that is no text": (GOOD, FORM + "; charset=rot13", 415),
    "another field": (form(part(disposition='form-data; name="file"; filename="a.txt"')), FORM, 400),
    "a field besides": (form(part(), part(disposition='form-data; name="note"')), FORM, 400),
    "a field named _charset_": (form(part(b"utf-16", disposition='form-data; name="_charset_"'), part()), FORM, 400),
    "no file name": (form(part(disposition='form-data; name="files"')), FORM, 400),
    "only an extended file name": (
        form(part(disposition="form-data; name=\"files\"; filename*=UTF-8''a.txt")),
        FORM,
        400,
    ),
    "no name": (form(part(disposition='form-data; filename="a.txt"')), FORM, 400),
    "no disposition": (form(b"Content-Type: text/plain\r\n\r\nhello"), FORM, 400),
    "another disposition": (form(part(disposition='attachment; name="files"; filename="a.txt"')), FORM, 400),
    "two dispositions": (
        form(
            part(disposition=b'form-data; name="files"; filename="a.txt"\r\nContent-Disposition: form-data; name="x"')
        ),
        FORM,
        400,
    ),
    "two types": (
        form(
            part(
                disposition=b'form-data; name="files"; filename="a.txt"\r\nContent-Type: text/plain\r\nContent-Type: image/png'
            )
        ),
        FORM,
        400,
    ),
    "a line break in the name": (
        form(part(disposition=b'form-data; name="files"; filename="a\r\nX: y.txt"')),
        FORM,
        400,
    ),
    "a bare line feed": (GOOD.replace(b"\r\n", b"\n"), FORM, 400),
    "a name that is not UTF-8": (form(part(disposition=b'form-data; name="files"; filename="\xff.txt"')), FORM, 400),
    "a header without a name": (form(b": x\r\n" + part()), FORM, 400),
    "many headers": (form(b"X-A: b\r\n" * 20 + part()), FORM, 400),
    "a long header": (form(b"X-A: " + b"b" * 10_000 + b"\r\n" + part()), FORM, 400),
    "base64": (form(part(b"aGVsbG8=", Content_Transfer_Encoding="base64")), FORM, 400),
    "a nested form": (form(part(form(part()), Content_Type=f"multipart/mixed; boundary={BOUNDARY}x")), FORM, 415),
    "an unknown charset of a part": (form(part(Content_Type="text/plain; charset=x-unknown")), FORM, 415),
    "a wrong length of a part": (form(part(Content_Length="3")), FORM, 400),
    "an absurd length of a part": (form(part(Content_Length="9" * 30)), FORM, 400),
    "an empty file": (form(part(b"")), FORM, 400),
}


@pytest.mark.parametrize(("body", "content_type", "status"), MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_no_form_of_files_is_refused(
    reporter: Person, folder: Path, sessions: Sessions, body: bytes, content_type: str, status: int
) -> None:
    issue = await reporter.open_issue()
    refused(await send(reporter, issue, body, content_type), status)
    await nothing_is_left(reporter, issue, folder, sessions)


async def test_a_compressed_form_is_refused(reporter: Person) -> None:
    issue = await reporter.open_issue()
    headers = {"Content-Type": FORM, "Content-Encoding": "gzip"}
    refused(await reporter.post(f"/issues/{issue['id']}/attachments", content=GOOD, headers=headers), 415)


async def test_a_preamble_and_an_epilogue_are_no_part_of_the_form(reporter: Person) -> None:
    issue = await reporter.open_issue()
    [file] = accepted(await send(reporter, issue, b"hello\r\n" + GOOD + b"goodbye"), 201)
    assert file["name"] == "a.txt"


PNG_PART = 'form-data; name="files"; filename="a.png"'


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(seed=st.integers(0, 2**32), cuts=st.integers(1, 6))
async def test_damaged_forms_never_break_the_server(reporter: Person, folder: Path, seed: int, cuts: int) -> None:
    chance = random.Random(seed)
    issue = await reporter.open_issue()
    body = bytearray(form(part(CSV, Content_Type="text/plain"), part(DOCUMENT), part(png(), disposition=PNG_PART)))
    for _ in range(cuts):
        place = chance.randrange(len(body))
        body[place : place + chance.randrange(4)] = chance.choice(
            [b"", b"\r\n", b"\n", b'"', b"--" + BOUNDARY.encode(), b"\0", b"\xff", b";", b"%", b":", b"=?utf-8?q?a?="]
        )
    response = await send(reporter, issue, bytes(body))
    assert response.status_code in {201, 400, 415}, response.text
    count = accepted(await reporter.get(f"/issues/{issue['id']}"))["attachment_count"]
    assert len(contents_of(folder)) == count
    shutil.rmtree(folder)


async def test_text_may_speak_of_anything(reporter: Person) -> None:
    issue = await reporter.open_issue()
    log = b"got <html> instead of JSON\n%PDF-1.4 came back\nPK\3\4 too".replace(b"\3\4", b"..")
    await attached(reporter, issue, ("a.log", log), ("b.csv", b"=cmd|'/c calc'!A1,<script>"))
