"""Settings: one frozen, typed table read from the environment. Nothing else reads ``os.environ``."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

ROOT = Path(__file__).resolve().parent.parent


class SettingError(Exception):
    """A wrong or missing setting, said in one line that names it."""


def _setting(default: Any, about: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"about": about, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the portal. The environment variable is the field's name in capitals."""

    host: str = _setting("127.0.0.1", "Address the web server listens on.")
    port: int = _setting(8000, "Port the web server listens on.")
    public_url: str = _setting("", "Address people reach the portal at; empty means http://HOST:PORT.")
    database_url: str = _setting(
        "", "PostgreSQL 18, as a role that owns nothing; empty starts the embedded server.", secret=True
    )
    migration_database_url: str = _setting(
        "", "The same database as its owner, for migrations; needed with DATABASE_URL.", secret=True
    )
    redis_url: str = _setting("", "Valkey or Redis; empty starts the embedded server.", secret=True)
    secret_key: str = _setting(
        "", "Signs cookies and tokens; empty makes one in INSTANCE_DIR (embedded only).", secret=True
    )
    directory_key: str = _setting(
        "", "Hashes e-mail addresses in the directory; never change it. Empty means SECRET_KEY.", secret=True
    )
    instance_dir: Path = _setting(ROOT / "instance", "Folder of the embedded servers' data and local secrets.")
    postgres_bin: Path | None = _setting(None, "Folder with PostgreSQL's programs to use instead of the wheel's.")
    valkey_bin: Path | None = _setting(None, "Folder with valkey-server to use instead of the wheel's.")
    smtp_host: str = _setting("", "SMTP server; empty keeps mail in the development mailbox page.")
    smtp_port: int = _setting(587, "SMTP port.")
    smtp_security: str = _setting("starttls", "starttls, tls or none.")
    smtp_user: str = _setting("", "SMTP user; empty sends without signing in.")
    smtp_password: str = _setting("", "SMTP password.", secret=True)
    mail_from: str = _setting("Orchestrator <portal@localhost>", "Sender of mails.")
    web_workers: int = _setting(1, "Web server processes.")
    web_threads: int = _setting(2, "Threads in each web server process.")
    short_workers: int = _setting(1, "Processes for short jobs.")
    long_workers: int = _setting(1, "Processes for long jobs.")
    trusted_proxies: int = _setting(0, "Number of reverse proxies whose X-Forwarded-* headers count.")
    default_zone: str = _setting("UTC", "Time zone (IANA name) of new accounts whose browser names none.")
    demo: bool = _setting(True, "Make the demo organization on the first start with embedded servers.")
    rate_limits: bool = _setting(True, "Limit sign-in, reset and feed requests.")
    log_format: str = _setting("text", "text or json.")
    lti_private_addresses: bool = _setting(
        False, "Let learning platforms stand in private networks or answer by plain http (for trying things out)."
    )

    @property
    def base_url(self) -> str:
        """Where people reach the portal, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether people reach the portal over https, so that cookies can be confined to it."""
        return self.base_url.startswith("https://")

    @property
    def embedded(self) -> bool:
        """Whether a server has to be started because none is configured."""
        return not self.database_url or not self.redis_url


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check all settings. SettingError names the first one that is wrong."""
    values = {
        entry.name: _parse(entry.name, str(entry.type), environment[entry.name.upper()])
        for entry in fields(Settings)
        if environment.get(entry.name.upper(), "") != ""
    }
    settings = Settings(**values)
    _check(settings)
    return settings


def _parse(name: str, kind: str, text: str) -> Any:
    variable = name.upper()
    if "int" in kind:
        if not text.isdecimal():
            raise SettingError(f"{variable} must be a whole number, not {text!r}.")
        return int(text)
    if "bool" in kind:
        if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
            raise SettingError(f"{variable} must be yes or no, not {text!r}.")
        return text.lower() in ("1", "true", "yes")
    return Path(text) if "Path" in kind else text


def _check(settings: Settings) -> None:
    if not 1 <= settings.port <= 65535:
        raise SettingError(f"PORT must be between 1 and 65535, not {settings.port}.")
    if settings.database_url and not settings.database_url.startswith("postgresql"):
        raise SettingError("DATABASE_URL must begin with postgresql:// or postgresql+psycopg://.")
    if settings.database_url and not settings.migration_database_url:
        raise SettingError("MIGRATION_DATABASE_URL is missing: DATABASE_URL's role must not own the tables.")
    if settings.database_url and len(settings.secret_key) < 32:
        raise SettingError("SECRET_KEY is missing or shorter than 32 characters.")
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise SettingError("REDIS_URL must begin with redis://, rediss:// or unix://.")
    if settings.smtp_security not in ("starttls", "tls", "none"):
        raise SettingError(f"SMTP_SECURITY must be starttls, tls or none, not {settings.smtp_security!r}.")
    if settings.log_format not in ("text", "json"):
        raise SettingError(f"LOG_FORMAT must be text or json, not {settings.log_format!r}.")
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise SettingError("PUBLIC_URL must begin with http:// or https://.")
    if settings.default_zone not in available_timezones():
        raise SettingError(
            f"DEFAULT_ZONE must be an IANA time zone such as Europe/Paris, not {settings.default_zone!r}."
        )


def child_environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the servers' addresses and the secret, for processes it starts."""
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
    }


def local_secret(instance_dir: Path) -> str:
    """The secret key kept in the instance folder, made on first use; readable by its owner only."""
    path = instance_dir / "secret_key"
    instance_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
