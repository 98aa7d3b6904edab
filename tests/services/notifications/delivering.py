"""A delivery's state, and working at it until it is settled."""

from datetime import timedelta

from sqlalchemy import select, update

from portal import clock
from portal.events.outbox import EVENT
from portal.extensions import valkey
from portal.models.notifications import Delivery, DeliveryState
from portal.models.people import DueWork
from portal.notifications.services import DELIVERY
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import Cast


def delivery_of(cast: Cast) -> Delivery:
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        return db.scalars(select(Delivery).where(Delivery.member_id == cast.ben.member_id)).one()


def make_due(cast: Cast) -> None:
    """As if the delays of retries had passed, and the queue's guards with them; what waits for a day still waits."""
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        db.execute(
            update(DueWork)
            .where(DueWork.organization_id == cast.ben.organization_id, DueWork.kind.in_((EVENT, DELIVERY)))
            .values(due_at=clock.now() - timedelta(minutes=1))
        )
    valkey.client.flushdb()


def finish(worker, cast: Cast) -> None:
    """Work until the delivery is settled; a killed worker's lock goes only when PostgreSQL sees it gone."""
    for _ in range(8):
        make_due(cast)
        worker.run()
        if delivery_of(cast).state is not DeliveryState.PENDING:
            return
    raise AssertionError("the delivery never settles")
