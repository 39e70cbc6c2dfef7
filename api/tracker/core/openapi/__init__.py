"""The OpenAPI document: what handlers say about themselves, completed with what holds for all of them."""

from tracker.core.openapi.document import DocumentConfig, Examples
from tracker.core.openapi.refusals import READ, READ_ONE, WRITE, WRITE_ONE, refusals

__all__ = ["READ", "READ_ONE", "WRITE", "WRITE_ONE", "DocumentConfig", "Examples", "refusals"]
