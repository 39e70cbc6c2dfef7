"""One frozen `Settings`, read from the environment once, at start."""

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Self
from urllib.parse import quote

import msgspec

MIB = 1024 * 1024
MIN_SECRET_BYTES = 32
MIN_DISTINCT_CHARACTERS = 8
KNOWN_DEFAULT_SECRETS = frozenset({"changeme", "change-me", "secret", "secret-key", "development", "insecure"})

SECRETS = ("SECRET_KEY", "DATABASE_URL", "DATABASE_READ_URL", "DB_PASSWORD", "REDIS_URL", "REDIS_PASSWORD")
"""May also be given as the name of a file that holds them, in `…_FILE`."""


class Rate(msgspec.Struct, frozen=True):
    """So many in so many seconds, as many of them at once."""

    count: int
    seconds: int


RATES = {
    "sign_in_account": Rate(40, 600),
    "sign_in_address": Rate(300, 900),
    "sign_in": Rate(3000, 300),
    "password_change": Rate(20, 600),
    "registration_address": Rate(200, 3600),
    "registration": Rate(2000, 3600),
    "writes": Rate(30_000, 300),
    "uploads": Rate(1000, 600),
    "sockets": Rate(6000, 300),
}
"""The rate limits of an installation that chooses none; of sign-ins and changes of passwords
only the failed ones count.

They stop programs that run wild and people who guess, and leave room for scripts and for many behind one address.
"""


class SettingsError(Exception):
    """The environment can't be used as it is; the message says what to change."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an installation can choose."""

    database_url: str
    """SQLAlchemy URL of the primary, `postgresql+asyncpg://…`."""
    database_read_url: str | None = None
    """A replica that statistics are read from."""
    redis_url: str | None = None
    """Without it live updates fall back to polling the event log once a second."""
    secret_key: str
    """Signs access tokens and cursors; at least 32 bytes."""
    open_registration: bool = True
    web_origins: tuple[str, ...] = ()
    """Browser origins that may open a WebSocket, besides the API's own host."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)
    """Addresses and networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    database_pool_size: int = 10
    """Connections that a process keeps."""
    api_workers: int = 1
    """How many processes of one `tracker serve` answer at its port."""
    upload_store: str = "uploads"
    """A folder, or `s3://bucket/prefix` (reached as the `AWS_…` variables say); all replicas share it."""
    upload_max_bytes: int = 10 * MIB
    """How large one file may be."""
    upload_retention_days: int = 30
    """After how many days a file is removed, unless it is marked `keep`."""
    upload_quota_bytes: int = 1024 * MIB
    """How much one person's files may take up together."""
    import_max_bytes: int = 200 * MIB
    """How large a file of issues to import may be."""
    upload_min_free_bytes: int = 256 * MIB
    """How much disk space uploads leave free."""
    clamd_url: str | None = None
    """`tcp://host:port` or `unix:///path` (or just the path) of ClamAV's daemon; without it files are not scanned."""
    pg_bin: str | None = None
    """The folder with PostgreSQL's client programs, which backups are made by; if None, those on the PATH."""
    rates: dict[str, Rate] = msgspec.field(default_factory=RATES.copy)
    """Rate limits; one that isn't there is none."""
    traced: bool = False
    """Whether `OTEL_EXPORTER_OTLP_ENDPOINT` is set; OpenTelemetry reads that and its other variables itself."""
    access_token_seconds: int = 600
    session_days: int = 30

    def __repr__(self) -> str:
        return "Settings(…)"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Reads the variables that the README names.

        Raises:
            SettingsError: a variable is missing or can't be used.
        """
        environ = _with_secrets_of_files(environ)
        return cls(
            database_url=_database_url(environ),
            database_read_url=async_driver_url(read_url) if (read_url := environ.get("DATABASE_READ_URL")) else None,
            redis_url=_redis_url(environ),
            secret_key=_secret_key(environ),
            open_registration=_boolean(environ, "OPEN_REGISTRATION", default=True),
            web_origins=_list(environ, "WEB_ORIGINS"),
            trusted_proxies=_trusted_proxies(environ),
            database_pool_size=_integer(environ, "DATABASE_POOL_SIZE", default=10),
            api_workers=_integer(environ, "API_WORKERS", default=1),
            upload_store=_upload_store(environ),
            upload_max_bytes=_integer(environ, "UPLOAD_MAX_BYTES", default=10 * MIB),
            upload_retention_days=_integer(environ, "UPLOAD_RETENTION_DAYS", default=30),
            upload_quota_bytes=_integer(environ, "UPLOAD_QUOTA_BYTES", default=1024 * MIB),
            import_max_bytes=_integer(environ, "IMPORT_MAX_BYTES", default=200 * MIB),
            upload_min_free_bytes=_integer(environ, "UPLOAD_MIN_FREE_BYTES", default=256 * MIB),
            clamd_url=_clamd_url(environ),
            pg_bin=environ.get("PG_BIN") or None,
            rates=_rates(environ),
            traced=_traced(environ),
        )


def _with_secrets_of_files(environ: Mapping[str, str]) -> Mapping[str, str]:
    read: dict[str, str] = {}
    for name in SECRETS:
        path = environ.get(f"{name}_FILE")
        if not path:
            continue
        if environ.get(name):
            raise SettingsError(f"Set either {name} or {name}_FILE.")
        try:
            read[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE can't be read: {type(error).__name__}.") from None
    return {**environ, **read}


def _database_url(environ: Mapping[str, str]) -> str:
    if url := environ.get("DATABASE_URL"):
        return async_driver_url(url)
    host, name = environ.get("DB_HOST"), environ.get("DB_NAME")
    if not host or not name:
        raise SettingsError("Set DATABASE_URL, or DB_HOST and DB_NAME (with DB_PORT, DB_USER, DB_PASSWORD).")
    user = quote(environ.get("DB_USER", "postgres"), safe="")
    password = environ.get("DB_PASSWORD", "")
    login = f"{user}:{quote(password, safe='')}" if password else user
    return f"postgresql+asyncpg://{login}@{host}:{environ.get('DB_PORT', '5432')}/{quote(name, safe='')}"


def async_driver_url(url: str) -> str:
    """The same database for SQLAlchemy's asyncpg dialect, whichever usual spelling it came in."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise SettingsError("DATABASE_URL must begin with postgresql://")
    return f"postgresql+asyncpg://{rest}"


def _secret_key(environ: Mapping[str, str]) -> str:
    key = environ.get("SECRET_KEY", "")
    if len(key.encode()) < MIN_SECRET_BYTES:
        raise SettingsError("Set SECRET_KEY to at least 32 random bytes, for example: openssl rand -hex 32")
    if key.lower() in KNOWN_DEFAULT_SECRETS or len(set(key)) < MIN_DISTINCT_CHARACTERS or "changeme" in key.lower():
        raise SettingsError("SECRET_KEY is a well-known or trivial value. Make one with: openssl rand -hex 32")
    return key


def _redis_url(environ: Mapping[str, str]) -> str | None:
    url, password = environ.get("REDIS_URL") or None, environ.get("REDIS_PASSWORD")
    if url is None or not password:
        return url
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "unix" or "@" in rest:
        raise SettingsError("REDIS_PASSWORD goes with a REDIS_URL like redis://host:6379/0, without a login.")
    return f"{scheme}://:{quote(password, safe='')}@{rest}"


def _trusted_proxies(environ: Mapping[str, str]) -> tuple[str, ...]:
    proxies = _list(environ, "TRUSTED_PROXIES") or ("127.0.0.1",)
    for proxy in proxies:
        try:
            ip_network(proxy)
        except ValueError:
            raise SettingsError(f"TRUSTED_PROXIES must be addresses or networks, not {proxy!r}.") from None
    return proxies


def _list(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in environ.get(name, "").split(","))))


def _upload_store(environ: Mapping[str, str]) -> str:
    store = environ.get("UPLOAD_STORE") or "uploads"
    if "://" in store and not store.startswith("s3://"):
        raise SettingsError("UPLOAD_STORE must be a folder, or begin with s3://")
    return store


def _clamd_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("CLAMD_URL") or None
    if url is None or re.fullmatch(r"tcp://(\[[0-9A-Fa-f:]+\]|[^:/\s]+):[0-9]{1,5}|(unix://)?/.+", url):
        return url
    raise SettingsError("CLAMD_URL must look like tcp://host:3310 or unix:///run/clamav/clamd.ctl")


def _rates(environ: Mapping[str, str]) -> dict[str, Rate]:
    if not _boolean(environ, "RATE_LIMITS", default=True):
        return {}
    chosen = {name: _rate(environ, f"RATE_LIMIT_{name.upper()}", default) for name, default in RATES.items()}
    return {name: rate for name, rate in chosen.items() if rate}


def _rate(environ: Mapping[str, str], name: str, default: Rate) -> Rate | None:
    value = environ.get(name, "").strip().lower()
    if not value or value == "off":
        return None if value else default
    if not (found := re.fullmatch(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,5})", value, re.ASCII)):
        raise SettingsError(f"{name} must look like 100/60 (a hundred in sixty seconds) or be off, not {value!r}.")
    return Rate(int(found[1]), int(found[2]))


def _traced(environ: Mapping[str, str]) -> bool:
    if not (environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")):
        return False
    if find_spec("opentelemetry") is None:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT needs the extra: pip install 'issues-insights-tracker[tracing]'"
        )
    return True


def _boolean(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in {"", "true", "1", "yes", "on"}:
        return default if not value else True
    if value in {"false", "0", "no", "off"}:
        return False
    raise SettingsError(f"{name} must be true or false, not {value!r}.")


def _integer(environ: Mapping[str, str], name: str, *, default: int) -> int:
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise SettingsError(f"{name} must be a positive whole number, not {value!r}.")
    return int(value)
