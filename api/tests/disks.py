"""The folder that the application keeps files in, and disks that tests may fill."""

import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from tracker.settings import Settings


@pytest.fixture
def folder(settings: Settings) -> Path:
    """Where the installation keeps its files; empty."""
    path = Path(settings.upload_store)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system with room for half a megabyte; where this may not be made, the test is skipped."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k,mode=0777", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("NO mount HERE: full disks are not tried")
    if done.returncode != 0:
        pytest.skip(f"NO tmpfs MAY BE MOUNTED HERE: full disks are not tried ({done.stderr.strip()})")
    try:
        yield place
    finally:
        subprocess.run(["/bin/umount", "--lazy", str(place)], check=True)
