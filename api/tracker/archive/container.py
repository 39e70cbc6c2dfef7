"""The file itself: a ZIP of a manifest, one NDJSON member a noun, and the contents of files under their digests."""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from tracker.archive.errors import ArchiveError
from tracker.archive.schema import FORMAT, OLDEST_FORMAT, Line, Manifest, Member, Noun, nouns_of
from tracker.attachments.stores import CHUNK

MANIFEST, FILES = "manifest.json", "files/"
LONGEST_LINE = 64 * 1024**2
_FILE = re.compile(rf"{FILES}([0-9a-f]{{64}})")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


class _Format(msgspec.Struct):
    format: int


def content_hash(members: Mapping[str, Member]) -> str:
    """Equal for archives that hold the same, whenever and wherever they were made."""
    lines = [f"{members[name].sha256}  {name}\n" for name in sorted(members)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class Writer:
    """Puts an archive together, one member after the other."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self.members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str) -> Generator["MemberWriter"]:
        with self._open(name) as file:
            writer = MemberWriter(file)
            yield writer
        self.members[name] = Member(writer.lines, writer.digest.hexdigest())

    def add_file(self, sha256: str, content: IO[bytes]) -> None:
        with self._open(FILES + sha256) as file:
            while chunk := content.read(CHUNK):
                file.write(chunk)

    def finish(self, manifest: Manifest) -> None:
        """Without its manifest, which comes last, it is no archive."""
        with self._open(MANIFEST) as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        self._zip.close()

    def _open(self, name: str) -> Any:
        entry = zipfile.ZipInfo(name)  # of no particular time
        entry.compress_type = zipfile.ZIP_DEFLATED
        return self._zip.open(entry, "w", force_zip64=True)


class MemberWriter:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.lines = 0
        self.digest = hashlib.sha256()

    def write(self, line: Mapping[str, Any]) -> None:
        encoded = msgspec.json.encode(line) + b"\n"
        self._file.write(encoded)
        self.digest.update(encoded)
        self.lines += 1


class Reader:
    """An archive that was looked through, all of which is what it was when it was made."""

    def __init__(self, opened: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip = opened
        self.manifest = manifest
        self.nouns = nouns_of(manifest.format)
        self.files = {found[1] for name in opened.namelist() if (found := _FILE.fullmatch(name))}

    def lines(self, noun: Noun) -> Iterator[Any]:
        """Each line of a member, as a `noun.line`.

        Raises:
            ArchiveError: a line is none.
        """
        decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(noun.line)
        with self._zip.open(noun.member) as file:
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                try:
                    yield decoder.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    raise ArchiveError(f"{noun.member}, line {number}: {error}.") from error

    def file(self, sha256: str) -> IO[bytes]:
        return self._zip.open(FILES + sha256)


@contextmanager
def opened(path: Path) -> Generator[Reader]:
    """Looks through all of an archive first.

    Raises:
        ArchiveError: it is none, is damaged, was tampered with or is of another version.
    """
    try:
        file = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ArchiveError(f"{path} is no archive, or only a part of one: {error}.") from error
    except OSError as error:
        raise ArchiveError(f"{path} can't be read: {error.strerror or error}.") from error
    with file:
        manifest = _manifest_of(path, file)
        if troubles := list(_troubles(file, manifest)):
            raise ArchiveError("\n".join([f"{path} is damaged or was changed; use another one:", *troubles]))
        yield Reader(file, manifest)


def _manifest_of(path: Path, file: zipfile.ZipFile) -> Manifest:
    if MANIFEST not in file.namelist():
        raise ArchiveError(f"{path} is no archive of a tracker: there is no {MANIFEST} in it.")
    try:
        content = file.read(MANIFEST)
        written = msgspec.json.decode(content, type=_Format).format
        if not OLDEST_FORMAT <= written <= FORMAT:
            raise ArchiveError(
                f"{path} has format {written}, and this version reads {OLDEST_FORMAT} to {FORMAT}. "
                "Use the version that made it, or one that knows both."
            )
        return msgspec.json.decode(content, type=Manifest)
    except (*_UNREADABLE, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path} is damaged: {MANIFEST} can't be read ({error}).") from error


def _troubles(file: zipfile.ZipFile, manifest: Manifest) -> Iterator[str]:
    names = file.namelist()
    expected = {noun.member for noun in nouns_of(manifest.format)}
    files = {name for name in names if _FILE.fullmatch(name)}
    for name in sorted({MANIFEST, *expected} - {*names}):
        yield f"{name} is missing"
    for name in sorted({*names} - {MANIFEST, *expected} - files):
        yield f"{name} does not belong there"
    if len(names) != len({*names}):
        yield "something is in it twice"
    if len(files) != manifest.files:
        yield f"there are {len(files)} files in it instead of {manifest.files}"
    for name in sorted(expected & {*names}):
        found = _summed(file, name)
        if found is None or found != manifest.members.get(name):
            yield f"{name} is not what it was"
    for name in sorted(files):
        found = _summed(file, name)
        if found is None or found.sha256 != name.removeprefix(FILES):
            yield f"{name} is not what it was"
    if {*manifest.members} != expected or content_hash(manifest.members) != manifest.content:
        yield f"{MANIFEST} is not what it was"


def _summed(file: zipfile.ZipFile, name: str) -> Member | None:
    """None if it can't be read."""
    digest, lines = hashlib.sha256(), 0
    try:
        with file.open(name) as member:
            while chunk := member.read(CHUNK):
                digest.update(chunk)
                lines += chunk.count(b"\n")
    except _UNREADABLE:
        return None
    return Member(lines, digest.hexdigest())
