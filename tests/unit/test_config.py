"""Settings: typed, checked, and said in one line when they are wrong."""

import stat

import pytest

from portal import config
from portal.config import SettingError, load

SERVER = {
    "DATABASE_URL": "postgresql+psycopg://portal_app@/portal",
    "MIGRATION_DATABASE_URL": "postgresql+psycopg://portal_owner@/portal",
    "SECRET_KEY": "s" * 40,
}


def test_nothing_set_means_embedded_servers():
    settings = load({})
    assert settings.embedded
    assert settings.base_url == "http://127.0.0.1:8000"


def test_values_get_their_types():
    settings = load({**SERVER, "REDIS_URL": "redis://localhost", "PORT": "9000", "RATE_LIMITS": "no"})
    assert (settings.port, settings.rate_limits, settings.embedded) == (9000, False, False)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "http"}, "PORT must be a whole number"),
        ({"PORT": "70000"}, "PORT must be between"),
        ({"DEMO": "maybe"}, "DEMO must be yes or no"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must begin with"),
        ({"DATABASE_URL": SERVER["DATABASE_URL"]}, "MIGRATION_DATABASE_URL is missing"),
        ({**SERVER, "SECRET_KEY": "short"}, "SECRET_KEY is missing or shorter"),
        ({"REDIS_URL": "localhost"}, "REDIS_URL must begin with"),
        ({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY must be"),
        ({"DEFAULT_ZONE": "Berlin"}, "DEFAULT_ZONE must be an IANA time zone"),
        ({"PUBLIC_URL": "portal.example.org"}, "PUBLIC_URL must begin with"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT must be"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(environment, words):
    with pytest.raises(SettingError, match=words) as caught:
        load(environment)
    assert "\n" not in str(caught.value)


def test_the_local_secret_is_made_once_and_private(tmp_path):
    first = config.local_secret(tmp_path)
    assert config.local_secret(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
