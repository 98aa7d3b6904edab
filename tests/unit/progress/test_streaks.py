"""Streaks: which days count, which break, and what is forgiven."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.progress.streaks import Mark, Studied, streak_of

MONDAY = date(2026, 9, 7)


def day(number):
    return MONDAY + timedelta(days=number)


def done(*numbers, zone="Europe/Berlin"):
    return [Studied(day(number), zone, 1, 0) for number in numbers]


def streak(studied, planned, today, rest=(5, 6)):
    return streak_of(studied, {day(each) for each in planned}, lambda on: on.weekday() not in rest, today=day(today))


def marks(found):
    return "".join(mark.value[0] for _day, mark in found.week)


def test_study_days_in_a_row_count_and_rest_days_do_not_break():
    found = streak(done(0, 1, 2, 3, 4, 7), range(8), today=7)
    assert (found.current, found.longest) == (6, 6)


def test_today_does_not_break_while_it_lasts():
    assert streak(done(0, 1), range(3), today=2).current == 2
    assert streak(done(0, 1), range(3), today=2).week[2] == (day(2), Mark.OPEN)


def test_the_first_missed_day_of_a_week_is_bridged_and_the_second_breaks():
    found = streak(done(0, 2, 3), range(5), today=4)
    assert (found.current, marks(found)) == (3, "SBSSORR")
    found = streak(done(0, 2, 4), range(5), today=4)
    assert (found.current, found.longest, marks(found)) == (1, 2, "SBSMSRR")


def test_a_new_week_brings_a_new_bridge_but_only_to_who_studied_in_between():
    assert streak(done(0, 1, 2, 3, 7), range(8), today=7).current == 5
    assert streak(done(0, 1, 2, 3, 8), range(9), today=8).current == 1  # Friday bridged, Monday missed


def test_one_study_day_a_week_is_not_forgiven_for_ever():
    mondays = range(0, 70, 7)
    assert streak(done(0), mondays, today=69).current == 0
    assert streak(done(0, 14, 28), mondays, today=29).current == 3


def test_days_without_planned_work_break_nothing():
    found = streak(done(0, 4), [0, 4], today=4)
    assert (found.current, marks(found)) == (2, "SRRRSRR")


def test_a_study_day_on_which_one_works_ahead_counts():
    assert streak(done(0, 1), [0], today=1).current == 2


def test_study_on_a_day_of_rest_counts_nothing_and_shows():
    found = streak(done(4, 5), [4, 7], today=6)
    assert (found.current, marks(found)) == (1, "RRRRSSR")


def test_a_few_minutes_are_not_yet_a_day():
    four, five = (Studied(MONDAY, "UTC", 0, minutes) for minutes in (4, 5))
    assert streak([four], [0], today=0).current == 0
    assert streak([five], [0], today=0).current == 1


def test_minutes_of_the_same_day_in_two_zones_make_one_day():
    found = streak([*done(0), *done(0, zone="America/New_York")], [0], today=0)
    assert found.current == 1


def test_a_day_that_travel_left_less_than_half_of_cannot_be_missed():
    honolulu, auckland = done(0, zone="Pacific/Honolulu"), done(2, 3, 5, zone="Pacific/Auckland")
    found = streak([*honolulu, *auckland], range(6), today=5, rest=())
    assert (found.current, marks(found)) == (4, "SRSSBSR")


def test_a_short_flight_excuses_no_day():
    found = streak([*done(0), *done(2, 4, zone="Europe/London")], range(5), today=4)
    assert (found.current, marks(found)) == (1, "SBSMSRR")


def test_nothing_done_is_no_streak():
    found = streak([], range(5), today=4)
    assert (found.current, found.longest, marks(found)) == (0, 0, "MMMMORR")


DAYS = st.sets(st.integers(0, 60))


@given(DAYS, DAYS, st.integers(0, 60))
def test_studying_more_never_shortens_a_streak(studied, planned, today):
    before = {each for each in studied if each <= today}
    more = streak(done(*sorted(before | {today})), planned, today)
    less = streak(done(*sorted(before)), planned, today)
    assert more.current >= less.current
    assert more.longest >= more.current
    assert more.longest <= len({each for each in before | {today} if day(each).weekday() < 5})


@given(DAYS, DAYS, st.integers(0, 60), DAYS)
def test_leave_never_shortens_a_streak(studied, planned, today, away):
    """A leave takes days out of the plan; days studied all the same are no study days then."""
    away -= studied
    before = done(*sorted(each for each in studied if each <= today))
    assert streak(before, planned - away, today).current >= streak(before, planned, today).current
