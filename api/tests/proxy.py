"""The project's own nginx before API replicas, from the files that go into the `web` image."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tracker.local.stack import REPOSITORY, free_port

FILES = REPOSITORY / "deploy" / "nginx"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
START_SECONDS = 60

needs_nginx = pytest.mark.skipif(
    NGINX is None and "CI" not in os.environ, reason="NO NGINX HERE: the tests of the proxy do not run"
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """Addresses, as host:port."""

    web: str
    api: str
    tls: str
    status: str
    log: Path


def configuration(directory: Path, **settings: str) -> Mapping[str, str]:
    """Writes into the directory what the image's entry point makes of the templates; gives the variables they took."""
    directory.chmod(0o755)  # for the workers, who are somebody else when root starts them
    script = f". {FILES / 'tracker.envsh'} && env -0"
    told = subprocess.run(
        ["/bin/sh", "-ec", script], env={"PATH": os.environ["PATH"], **settings}, stdout=subprocess.PIPE, check=True
    )
    variables = dict(entry.split("=", 1) for entry in told.stdout.decode().split("\0") if entry)
    for template in (FILES / "templates").rglob("*.template"):
        text = re.sub(r"\$\{(\w+)\}", lambda found: variables[found[1]], template.read_text())
        target = directory / "conf.d" / template.relative_to(FILES / "templates").with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        # Debian's nginx is older than the image's, and says this otherwise.
        if "http2 on;" in text:
            text = re.sub(r"(listen \d+ ssl)", r"\1 http2", text.replace("http2 on;", ""))
        target.write_text(text)
    main = re.sub(r"/var/cache/nginx/|/tmp/", f"{directory}/", (FILES / "nginx.conf").read_text())
    main = main.replace("/dev/stderr", f"{directory}/error.log").replace("/dev/stdout", f"{directory}/access.log")
    (directory / "nginx.conf").write_text(main.replace("worker_processes auto", "worker_processes 1"))
    (directory / "mime.types").symlink_to("/etc/nginx/mime.types")
    return variables


def self_signed(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key."""
    made = directory / "certificate.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-out", made[0], "-keyout", made[1]], check=True, capture_output=True)
    return made


@asynccontextmanager
async def nginx(replicas: Sequence[str], *, root: Path | None = None, **settings: str) -> AsyncGenerator[Proxy]:
    """nginx before the replicas at these addresses; `settings` as tracker.envsh takes them."""
    assert NGINX, "nginx is missing: apt-get install nginx-light"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ports = {kind: str(free_port()) for kind in ("WEB_PORT", "API_PORT", "TLS_PORT", "STATUS_PORT")}
        servers = "".join(f"server {each} max_fails=0;" for each in replicas)
        if root is None:
            (directory / "index.html").write_text("the web app")
        chosen = {"SERVER_NAMES": "127.0.0.1", "API_SERVERS": servers, "WEB_ROOT": str(root or directory)}
        configuration(directory, **{**chosen, **ports, **settings})
        process = await asyncio.create_subprocess_exec(NGINX, "-p", directory, "-c", directory / "nginx.conf")
        web, api, tls, status = (f"127.0.0.1:{port}" for port in ports.values())
        try:
            await _answering(status, process)
            yield Proxy(web, api, tls, status, directory)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _answering(address: str, process: asyncio.subprocess.Process) -> None:
    host, port = address.split(":")
    async with asyncio.timeout(START_SECONDS):
        while True:
            assert process.returncode is None, "nginx does not start"
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
