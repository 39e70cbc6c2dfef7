"""What the environment may say."""

from pathlib import Path

import pytest

from tracker.settings import Settings, SettingsError

ENOUGH = {"DB_HOST": "db", "DB_NAME": "tracker", "SECRET_KEY": "0123456789abcdef0123456789abcdef"}


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    files = {"SECRET_KEY": "f" + ENOUGH["SECRET_KEY"], "DB_PASSWORD": "p/ss", "REDIS_PASSWORD": "r@dis"}
    for name, secret in files.items():
        (tmp_path / name).write_text(f"{secret}\n")
    named = {f"{name}_FILE": str(tmp_path / name) for name in files}
    settings = Settings.from_environment(
        {"DB_HOST": "db", "DB_NAME": "tracker", "DB_USER": "t", "REDIS_URL": "redis://redis:6379/0", **named}
    )
    assert settings.secret_key == files["SECRET_KEY"]
    assert settings.database_url == "postgresql+asyncpg://t:p%2Fss@db:5432/tracker"
    assert settings.redis_url == "redis://:r%40dis@redis:6379/0"


def test_a_secret_is_given_once_and_its_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(ENOUGH["SECRET_KEY"])
    with pytest.raises(SettingsError, match="either"):
        Settings.from_environment({**ENOUGH, "SECRET_KEY_FILE": str(tmp_path / "key")})
    with pytest.raises(SettingsError, match="DB_PASSWORD_FILE can't be read"):
        Settings.from_environment({**ENOUGH, "DB_PASSWORD_FILE": str(tmp_path / "missing")})


@pytest.mark.parametrize("url", ["unix:///run/redis.sock", "redis://user:other@redis:6379", "redis"])
def test_a_redis_password_needs_an_address_that_can_take_it(url: str) -> None:
    with pytest.raises(SettingsError, match="REDIS_PASSWORD"):
        Settings.from_environment({**ENOUGH, "REDIS_URL": url, "REDIS_PASSWORD": "secret"})


def test_one_process_serves_unless_more_are_asked_for() -> None:
    assert Settings.from_environment(ENOUGH).api_workers == 1
    assert Settings.from_environment({**ENOUGH, "API_WORKERS": "4"}).api_workers == 4
    for none in ("0", "-1", "2.5", "auto"):
        with pytest.raises(SettingsError, match="API_WORKERS must be a positive whole number"):
            Settings.from_environment({**ENOUGH, "API_WORKERS": none})


def test_only_named_proxies_are_trusted() -> None:
    assert Settings.from_environment(ENOUGH).trusted_proxies == ("127.0.0.1",)
    given = {"TRUSTED_PROXIES": "10.0.0.0/8, ::1"}
    assert Settings.from_environment({**ENOUGH, **given}).trusted_proxies == ("10.0.0.0/8", "::1")
    for everybody in ("*", "proxy.example", "10.0.0.1/8"):
        with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
            Settings.from_environment({**ENOUGH, "TRUSTED_PROXIES": everybody})
