"""What a path asks for that a class does not have: each is found, and nothing that is there."""

from datetime import UTC, date, datetime

import pytest

from portal.pacing.types import AtInstant, AtMeeting, ClassCalendar, DayOffset, InWeek, OnWeekday, Step, Window
from portal.schedules.misfits import Misfit, MisfitCode, misfits

CALENDAR = ClassCalendar(
    zone="Asia/Tokyo",
    starts_on=date(2026, 9, 9),
    weekday_minutes=(60, 60, 60, 60, 60, 0, 0),
    soft_ends_on=date(2026, 10, 9),
    meetings=(datetime(2026, 9, 10, 1, tzinfo=UTC), datetime(2026, 9, 17, 1, tzinfo=UTC)),
)


def found(**step):
    return misfits([Step("a", 60, **step)], CALENDAR, {"a": "A"})


@pytest.mark.parametrize(
    ("step", "misfit"),
    [
        ({"anchor": AtMeeting(3)}, Misfit(MisfitCode.NO_MEETING, "A", number=3, count=2)),
        ({"anchor": AtMeeting(1, -48 * 60)}, Misfit(MisfitCode.STANDS_OUTSIDE, "A", on=date(2026, 9, 8))),
        ({"anchor": OnWeekday(6)}, Misfit(MisfitCode.NO_STUDY_DAY, "A", number=6)),
        ({"anchor": InWeek(6)}, Misfit(MisfitCode.WEEK_AFTER_END, "A", number=6, on=date(2026, 10, 12))),
        (
            {"anchor": AtInstant(datetime(2026, 10, 9, 15, tzinfo=UTC))},
            Misfit(MisfitCode.STANDS_OUTSIDE, "A", on=date(2026, 10, 10)),
        ),
        (
            {"window": Window(lock=datetime(2026, 9, 8, 14, 59, tzinfo=UTC))},
            Misfit(MisfitCode.CLOSES_BEFORE_START, "A", on=date(2026, 9, 8)),
        ),
        ({"window": Window(DayOffset(31))}, Misfit(MisfitCode.OPENS_AFTER_END, "A", on=date(2026, 10, 10))),
        (
            {"window": Window(DayOffset(5), due=datetime(2026, 9, 12, tzinfo=UTC))},
            Misfit(MisfitCode.CLOSED_WHEN_OPENED, "A", on=date(2026, 9, 14)),
        ),
    ],
)
def test_what_the_class_does_not_have_is_found(step, misfit):
    assert found(**step) == [misfit]


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"anchor": AtMeeting(2, 30)},
        {"anchor": OnWeekday(4)},
        {"anchor": InWeek(5)},
        {"anchor": AtInstant(datetime(2026, 10, 9, 14, 55, tzinfo=UTC))},
        {"window": Window(DayOffset(0), DayOffset(0), DayOffset(0))},
        {"window": Window(DayOffset(30), lock=DayOffset(30))},
        {"window": Window(lock=datetime(2026, 9, 8, 15, tzinfo=UTC))},
    ],
)
def test_what_it_has_is_none(step):
    assert found(**step) == []
