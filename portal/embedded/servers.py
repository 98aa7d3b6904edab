"""The pair of embedded servers behind settings that name none."""

from dataclasses import dataclass, replace

from portal import config
from portal.config import Settings
from portal.embedded.postgres import APPLICATION, OWNER, Postgres, ensure_database, start_postgres
from portal.embedded.valkey import Valkey, start_valkey

DATABASE = "portal"


@dataclass(frozen=True, slots=True)
class Servers:
    """What was started or found running; ``None`` where the settings name a server."""

    postgres: Postgres | None
    valkey: Valkey | None

    def revive(self, settings: Settings) -> list[str]:
        """Start again what has died, at the same address; the names of what was started."""
        revived = []
        if self.postgres is not None and not self.postgres.runs():
            start_postgres(self.postgres.home, bin_dir=settings.postgres_bin)
            revived.append("PostgreSQL")
        if self.valkey is not None and not self.valkey.runs():
            start_valkey(self.valkey.home, bin_dir=settings.valkey_bin)
            revived.append("Valkey")
        return revived

    def stop(self, *, found_too: bool = False) -> None:
        """Stop what was started here, and with ``found_too`` what was found running (a killed run leaves it)."""
        if self.valkey is not None and (self.valkey.started or found_too):
            self.valkey.stop()
        if self.postgres is not None and (self.postgres.started or found_too):
            self.postgres.stop()


def start(settings: Settings) -> tuple[Settings, Servers]:
    """Start or find the servers that ``settings`` do not name, and the settings that name them."""
    postgres = valkey = None
    if not settings.secret_key:
        settings = replace(settings, secret_key=config.local_secret(settings.instance_dir))
    if not settings.database_url:
        postgres = start_postgres(settings.instance_dir / "postgres", bin_dir=settings.postgres_bin)
        ensure_database(postgres, DATABASE)
        settings = replace(
            settings,
            database_url=postgres.url(APPLICATION, DATABASE),
            migration_database_url=postgres.url(OWNER, DATABASE),
        )
    if not settings.redis_url:
        valkey = start_valkey(settings.instance_dir / "valkey", bin_dir=settings.valkey_bin)
        settings = replace(settings, redis_url=valkey.url())
    return settings, Servers(postgres, valkey)
