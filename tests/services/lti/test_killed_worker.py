"""A worker process that is killed while it posts a score: nothing is lost, and what arrives last is the newest."""

import json
import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select
from werkzeug import Response

from portal.config import ROOT, child_environment
from portal.extensions import valkey
from portal.models.lti import ScoreState
from portal.progress.services import complete
from portal.tenancy.scope import unit_of_work
from tests.services.lti.grading import do, score_row


@pytest.fixture
def worker(graded, settings):
    """Begins a real worker process; its queue holds what happens after this."""
    valkey.client.flushdb()
    begun = []

    def begin():
        environment = {**child_environment(settings), "LTI_PRIVATE_ADDRESSES": "yes"}
        begun.append(subprocess.Popen([sys.executable, "-m", "tests.burst"], cwd=ROOT, env=environment))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.wait(timeout=60)


@pytest.mark.parametrize("taken", [True, False], ids=["after the platform took it", "before the platform took it"])
def test_a_worker_killed_while_it_posts_a_score_loses_nothing_and_the_newest_stands_once(
    cast, platform, course, graded, work, worker, taken
):
    def die(request):
        answer = Response("", 500)
        if taken:
            answer = platform._score(next(iter(platform.line_items)), json.loads(request.get_data()))
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
        return answer

    platform.script("POST", "/7/lineitems/1/", die)
    do(cast.ben, complete, graded[2][0])
    process = worker()
    assert process.wait(timeout=120) == -signal.SIGKILL
    assert [score["scoreGiven"] for _item, score in platform.scores] == ([25] if taken else [])
    row = score_row(course)
    assert row.state is ScoreState.PENDING, "it is owed still"
    until_the_server_has_seen_its_end(row)
    work()
    assert score_row(course).state is ScoreState.SENT
    scores = [score for _item, score in platform.scores]
    assert [score["scoreGiven"] for score in scores] == ([25, 25] if taken else [25])
    stamps = [score["timestamp"] for score in scores]
    assert stamps == sorted(set(stamps)), "what was sent again stands in the other's place"
    assert work() == 0


def until_the_server_has_seen_its_end(row):
    """The lock a worker holds while it sends goes with its connection."""
    with unit_of_work() as db:
        db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(row.id), 0))))
