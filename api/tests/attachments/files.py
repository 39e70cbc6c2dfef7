"""Real files of every kind that is taken, made here."""

import base64
import io
import json
import struct
import zipfile
import zlib

# One pixel each, as encoders write them.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
WEBP = base64.b64decode("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=")
JPEG = (
    base64.b64decode(
        "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
        "////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA="
    )
    + b"\xff\xd9"
)


def png(side: int = 8, *, text: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!L", len(data)) + kind + data + struct.pack("!L", zlib.crc32(kind + data))

    grey = b"".join(b"\0" + bytes(row % 256 for _ in range(side)) for row in range(side))
    parts = [chunk(b"IHDR", struct.pack("!LLBBBBB", side, side, 8, 0, 0, 0, 0))]
    if text:
        parts.append(chunk(b"tEXt", b"Comment\0" + text))
    parts += [chunk(b"IDAT", zlib.compress(grey)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def pdf(text: str = "Hello") -> bytes:
    drawing = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
    ]
    out = io.BytesIO(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    out.seek(0, io.SEEK_END)
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def lines(size: int) -> bytes:
    """Text of exactly so many bytes."""
    line = b"The quick brown fox jumps over the lazy dog, again and again.\n"
    return (line * (size // len(line) + 1))[:size]


def archive(comment: bytes = b"", **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in (members or {"a.txt": b"hello"}).items():
            file.writestr(name, content)
        file.comment = comment
    return out.getvalue()


LOG = "2026-02-03 12:00:01 \x1b[31mERROR\x1b[0m größer als erwartet\r\n".encode() * 20
CSV = 'id,title\r\n1,"Straße, gesperrt"\r\n2,\'=1+1\r\n'.encode()
DOCUMENT = json.dumps({"issues": [{"id": 1, "tags": ["ü", None, 1.5e3]}]}).encode()

REAL: list[tuple[str, bytes, str, str]] = [
    # name, content, declared as, served as
    ("pixel.png", png(), "image/png", "image/png"),
    ("PIXEL.PNG", png(64), "image/png", "image/png"),
    ("photo.jpg", JPEG, "image/jpeg", "image/jpeg"),
    ("photo.jpeg", JPEG, "image/jpg", "image/jpeg"),
    ("moving.gif", GIF, "image/gif", "image/gif"),
    ("small.webp", WEBP, "image/webp", "image/webp"),
    ("report.pdf", pdf(), "application/pdf", "application/pdf"),
    ("notes.txt", "naïve café\n".encode(), "text/plain", "text/plain"),
    ("marked.txt", b"\xef\xbb\xbfwith a byte order mark", "text/plain; charset=utf-8", "text/plain"),
    ("server.log", LOG, "text/x-log", "text/plain"),
    ("server.log", LOG, "application/octet-stream", "text/plain"),
    ("issues.json", DOCUMENT, "application/json", "application/json"),
    ("number.json", b" 12 ", "application/json", "application/json"),
    ("issues.csv", CSV, "text/csv", "text/csv"),
    ("excel.csv", CSV, "application/vnd.ms-excel", "text/csv"),
    ("logs.zip", archive(), "application/zip", "application/zip"),
    ("logs.zip", archive(comment=b"made on Windows"), "application/x-zip-compressed", "application/zip"),
    ("empty.zip", b"PK\5\6" + b"\0" * 18, "application/zip", "application/zip"),
]
