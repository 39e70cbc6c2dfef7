"""The tracker on one machine: embedded PostgreSQL and Valkey, and all processes under one supervisor.

For `make run`, `make dev` and the tests; a deployment uses none of it.
"""

from tracker.local.databases import Databases, ephemeral

__all__ = ["Databases", "ephemeral"]
