"""A worker process that runs the short queue until it is empty; the tests start it, and kill it."""

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from portal.events.outbox import SHORT
from portal.extensions import valkey
from portal.factory import create_app
from portal.jobs.dispatch import queue

if __name__ == "__main__":
    with create_app().app_context():
        SimpleWorker([queue(SHORT)], connection=valkey.client, serializer=JSONSerializer).work(
            burst=True, logging_level="ERROR"
        )
