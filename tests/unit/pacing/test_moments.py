"""Local time, days and clock changes (R11), in every zone of the locked package."""

from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfoNotFoundError

import pytest

from portal.pacing.engine import plan
from portal.pacing.moments import from_minute, zone
from portal.pacing.results import Plan
from portal.pacing.types import ClassCalendar, Hours, Learner, PathVersion, Pin, Policy, Step
from tests.unit.pacing.case import Case, locked
from tests.unit.pacing.checker import breaches

ALL = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
EVERY_DAY = (240,) * 7


def at(key: str, day: date, minute: int) -> datetime:
    return from_minute(zone(key).wall(day.toordinal(), minute))


def planned(key: str, on: date, hours: Hours, *steps: Step, learner: Learner | None = None) -> tuple[Case, Plan]:
    calendar = ClassCalendar(key, on, EVERY_DAY, hours=(hours,))
    now = datetime.combine(on, time(), UTC) - timedelta(days=2)
    case = Case(PathVersion(steps), calendar, learner or Learner(), Policy(), (), now)
    return case, plan(case.path, calendar, case.learner, case.policy, (), now)


def test_a_time_in_a_gap_is_the_next_valid_minute() -> None:
    assert at("Europe/Berlin", date(2026, 3, 29), 150) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert at("Europe/Berlin", date(2026, 3, 29), 180) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_an_ambiguous_time_is_the_first() -> None:
    assert at("Europe/Berlin", date(2026, 10, 25), 150) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert at("Australia/Lord_Howe", date(2026, 4, 5), 105) == datetime(2026, 4, 4, 14, 45, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_has_no_minute() -> None:
    apia = zone("Pacific/Apia")
    gone = date(2011, 12, 30).toordinal()
    assert apia.midnight(gone) == apia.midnight(gone + 1)
    assert apia.windows(gone, (Hours(time(8), time(22)),)) == ()


def test_a_block_over_a_gap_lasts_its_minutes() -> None:
    on = date(2026, 3, 29)
    case, made = planned("Europe/Berlin", on, Hours(time(1, 30), time(4)), Step("a", 60), Step("b", 30))
    assert [(slot.on, slot.start) for slot in made.slots] == [(on, time(1, 30)), (on, time(3, 30))]
    assert breaches(case, made) == []


def test_nothing_starts_in_the_second_run_of_an_hour() -> None:
    on = date(2026, 10, 25)
    steps = [Step(str(number), 30) for number in range(4)]
    case, made = planned("Europe/Berlin", on, Hours(time(2), time(4)), *steps)
    assert [slot.start for slot in made.slots] == [time(2), time(2, 30), time(3), time(3, 30)]
    assert breaches(case, made) == []


def test_a_pin_in_a_gap_lies_at_the_next_valid_minute() -> None:
    on = date(2026, 3, 29)
    learner = Learner(pins=(Pin("a", on, time(2, 15)),))
    _, made = planned("Europe/Berlin", on, Hours(time(0), time(0)), Step("a", 60), learner=learner)
    assert (made.slots[0].start, made.slots[0].starts_at) == (time(3), datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def test_an_unknown_zone_is_refused() -> None:
    for key in ("Europe/Atlantis", "../zones", ""):
        with pytest.raises(ZoneInfoNotFoundError):
            zone(key)


def test_days_are_those_of_the_zone_in_every_zone() -> None:
    for key in ALL:
        mine, info = zone(key), locked(key)
        for hour in range(0, 400 * 24, 7 * 24 + 5):
            instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            minute = int(instant.timestamp()) // 60
            here = instant.astimezone(info)
            assert mine.local(minute) == (here.date(), here.time()), (key, instant)
            if not here.fold:
                assert mine.wall(here.toordinal(), here.hour * 60 + here.minute) == minute, (key, instant)


def test_a_whole_day_of_study_is_placed_right_around_every_clock_change() -> None:
    steps = tuple(Step(str(number), 55 + 5 * (number % 3), splittable=number % 2 == 0) for number in range(6))
    for key in ALL:
        for on in _changes(key):
            case, made = planned(key, on, Hours(time(0), time(0)), *steps)
            assert breaches(case, made) == [], (key, on)


def _changes(key: str) -> list[date]:
    """Dates in 2026 on which the offset changes."""
    info = locked(key)
    noons = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=number) for number in range(365)]
    offsets = [noon.astimezone(info).utcoffset() for noon in noons]
    return [noons[n].astimezone(info).date() for n in range(1, 365) if offsets[n] != offsets[n - 1]]
