"""What tests of files find."""

import os

from tests.attachments.clamav import CLAMD
from tests.disks import folder, small_disk
from tests.s3 import bucket, s3_server

__all__ = ["bucket", "folder", "s3_server", "small_disk"]

# Where there is no ClamAV, `make test` says so loudly; in continuous integration its tests are not optional.
collect_ignore = [] if CLAMD or os.environ.get("CI") else ["test_virus_scanning.py"]
