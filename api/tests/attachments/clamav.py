"""ClamAV's own daemon, with two signatures of ours; freshclam and the internet are not needed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracker.local.stack import free_port

CLAMD = os.environ.get("CLAMD") or shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin")
START_SECONDS = 60

# In pieces, so that no scanner takes this file for what it describes.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!" + b"$H+H*"
MARKER = b"TRACKER-LOCAL-" + b"AV-MARKER-6f1d"

SCAN_LIMIT = 3 * 1024 * 1024

CONFIGURATION = """
DatabaseDirectory {directory}/db
OfficialDatabaseOnly false
TCPSocket {port}
TCPAddr 127.0.0.1
LocalSocket {directory}/clamd.sock
FixStaleSocket true
TemporaryDirectory {directory}
Foreground true
StreamMaxLength {limit}
MaxFileSize {limit}
MaxScanSize {limit}
MaxRecursion 5
AlertExceedsMax true
ConcurrentDatabaseReload no
ReadTimeout 20
CommandReadTimeout 10
"""


@dataclass(frozen=True)
class Daemon:
    """One that runs; `urls` are the ways to it."""

    process: subprocess.Popen[bytes]
    urls: tuple[str, str]


@contextmanager
def daemon(directory: Path) -> Generator[Daemon]:
    assert CLAMD
    port = free_port()
    (directory / "db").mkdir()
    (directory / "db" / "local.ndb").write_text(
        f"Eicar-Test-Signature:0:0:{EICAR.hex()}\nLocal.Marker.TrackerTest:0:*:{MARKER.hex()}\n"
    )
    configuration = directory / "clamd.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port, limit=SCAN_LIMIT))
    process = subprocess.Popen(
        [CLAMD, f"--config-file={configuration}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield Daemon(process, (f"tcp://127.0.0.1:{port}", f"unix://{directory}/clamd.sock"))
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"zPING\0")
            return connection.recv(5) == b"PONG\0"
    except OSError:
        return False
