"""The folder that the application keeps files in, empty at the start of each test."""

import os
import shutil
from pathlib import Path

import pytest

from tests.attachments.clamav import CLAMD
from tests.disks import small_disk
from tests.s3 import bucket, s3_server
from tracker.settings import Settings

__all__ = ["bucket", "folder", "s3_server", "small_disk"]

# Where there is no ClamAV, `make test` says so loudly; in continuous integration its tests are not optional.
collect_ignore = [] if CLAMD or os.environ.get("CI") else ["test_virus_scanning.py"]


@pytest.fixture
def folder(settings: Settings) -> Path:
    path = Path(settings.upload_store)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path
