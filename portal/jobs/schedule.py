"""The recurring schedule as data, and the loop that keeps it.

RQ's own cron scheduler keeps its times in Redis and dies with it; this one reads the clock only, so an
emptied or restarted Valkey delays nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.jobs.dispatch import sweep

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recurring:
    """``run(now)`` each ``every``; what is due for tenants is found through due-work pointers."""

    name: str
    every: timedelta
    run: Callable[[datetime], object]


SCHEDULE = (Recurring("sweep", timedelta(seconds=2), sweep),)


def keep(schedule: tuple[Recurring, ...], stop: threading.Event) -> None:
    """Run each entry at its pace until ``stop`` is set; a server that is away is tried again next time."""
    due = dict.fromkeys(schedule, clock.now())
    while not stop.is_set():
        now = clock.now()
        for entry in schedule:
            if due[entry] <= now:
                _run(entry, now)
                due[entry] = now + entry.every
        stop.wait(max(0.05, (min(due.values()) - clock.now()).total_seconds()))


def _run(entry: Recurring, now: datetime) -> None:
    try:
        entry.run(now)
    except (RedisError, OperationalError) as error:
        log.warning("server_unavailable", recurring=entry.name, error=type(error).__name__)
