"""Flask extensions and the Valkey client, unbound; the factory binds them. No logic."""

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

db = SQLAlchemy(session_options={"expire_on_commit": False})  # values outlive the unit that read them
migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()
babel = Babel()
limiter = Limiter(key_func=get_remote_address)


class Valkey:
    """Holds the client of Valkey (or Redis) once the factory has given the address."""

    client: Redis

    def connect(self, url: str) -> None:
        """Make the client; nothing is sent yet. A server that is away is asked twice more, so that no page waits."""
        retry = Retry(ConstantBackoff(0.05), 2)
        self.client = Redis.from_url(url, socket_connect_timeout=2, health_check_interval=30, retry=retry)


valkey = Valkey()
