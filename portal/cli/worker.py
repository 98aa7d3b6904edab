"""Processes that run in the background: RQ workers and the keeper of the recurring schedule."""

import signal
import threading

from flask import Flask
from rq import SimpleWorker, Worker
from rq.serializers import JSONSerializer

from portal.events.outbox import SHORT
from portal.extensions import valkey
from portal.jobs.dispatch import queue
from portal.jobs.schedule import SCHEDULE, keep


def work(app: Flask, name: str) -> None:
    """Run jobs of the queue ``short`` or ``long`` until told to stop.

    Short jobs run in this process (no fork a job); long ones in a fork each, so that one can be stopped
    and its memory goes back. The application is imported before, never per job.
    """
    kind = SimpleWorker if name == SHORT else Worker
    with app.app_context():
        kind([queue(name)], connection=valkey.client, serializer=JSONSerializer).work(
            logging_level="WARNING", with_scheduler=False
        )


def keep_schedule(app: Flask) -> None:
    """Keep the recurring schedule until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with app.app_context():
        keep(SCHEDULE, stop)
