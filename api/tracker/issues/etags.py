"""Entity tags of issues: the version for writers, a digest of the whole answer for readers."""

import hashlib
import re

_LISTED = re.compile(r'(?:W/)?"([^"]*)"|\S+')


def etag_of(version: int, body: bytes) -> str:
    return f'"{version}-{hashlib.blake2b(body, digest_size=8).hexdigest()}"'


def etag_allows(if_match: str, version: int) -> bool:
    """Whether an `If-Match` is about this version; comments and renamed people don't make a writer stale."""
    if if_match.strip() == "*":
        return True
    return any(tag.partition("-")[0] == str(version) for tag in _tags(if_match))


def etag_matches(if_none_match: str, etag: str) -> bool:
    return if_none_match.strip() == "*" or etag.strip('"') in _tags(if_none_match)


def _tags(header: str) -> list[str]:
    found = (match[1] if match[1] is not None else match[0].strip(",") for match in _LISTED.finditer(header))
    return [tag for tag in found if tag]
