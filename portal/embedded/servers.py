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

    def stop(self) -> None:
        """Stop what this call started; what was found running belongs to somebody else."""
        if self.valkey is not None and self.valkey.started:
            self.valkey.stop()
        if self.postgres is not None and self.postgres.started:
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
