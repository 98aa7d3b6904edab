"""The engine's three functions: `plan`, `plan_many`, `diagnose`."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from portal.pacing.arrange import lay_out
from portal.pacing.diagnose import Question, conflict_set, repairs
from portal.pacing.given import hand_out
from portal.pacing.graph import Graph, graph_of
from portal.pacing.joining import join
from portal.pacing.moments import TZDATA
from portal.pacing.problem import Problem, bound, build
from portal.pacing.results import Base, Diagnosis, Diff, Move, Plan, Removed
from portal.pacing.slots import result
from portal.pacing.types import ClassCalendar, Learner, PathVersion, Policy


def plan(
    path: PathVersion, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> Plan:
    """Plan one learner, or re-plan from ``base`` with the least change. Equal inputs give equal plans.

    ``base`` are the learner's slots of this path as stored, done ones too, each with an id; () is a first plan.
    ValueError for a path whose edges are not in order or a value without a zone; ZoneInfoNotFoundError for a zone
    the locked tzdata does not know.
    """
    return _plan(graph_of(path), calendar, learner, policy, base, now)


def plan_many(
    path: PathVersion,
    calendar: ClassCalendar,
    learners: Iterable[tuple[Learner, Base]],
    policy: Policy,
    *,
    now: datetime,
) -> Iterator[Plan]:
    """Plan each (learner, base) in turn; learners with an equal pace signature are planned once.

    The signature is all that can change the outcome: neither the learner's id nor the ids of slots. Errors as `plan`.
    """
    graph = graph_of(path)
    known: dict[Hashable, tuple[Base, Plan]] = {}
    for learner, base in learners:
        key = signature(learner, base)
        found = known.get(key)
        if found is None:
            known[key] = base, (made := _plan(graph, calendar, learner, policy, base, now))
        else:
            made = _renamed(found[1], {old.id: new.id for old, new in zip(found[0], base, strict=True)})
        yield made


def signature(learner: Learner, base: Base) -> Hashable:
    """What of a learner can change a plan, and the version of the zones' data. Pins name slots, so that the ids count
    once there are any.
    """
    if learner.pins:
        return TZDATA, replace(learner, id=None), base
    return TZDATA, replace(learner, id=None), tuple([replace(slot, id=None) for slot in base])


def diagnose(
    path: PathVersion, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> Diagnosis:
    """Why required work does not fit, and changes that were planned with and make it fit.

    Empty when it fits. Costs many plans: on demand only. Errors as `plan`.
    """
    question = Question(path, calendar, learner, policy, base, now, plan)
    if question.fits():
        return Diagnosis()
    return Diagnosis(conflict_set(question), repairs(question))


def prepare(
    graph: Graph, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> Problem:
    """All that is known before anything is placed."""
    problem = build(graph, calendar, learner, policy, base, now)
    hand_out(problem)
    join(problem)
    bound(problem)
    return problem


def _plan(graph: Graph, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime) -> Plan:
    return result(lay_out(prepare(graph, calendar, learner, policy, base, now)))


def _renamed(made: Plan, ids: dict[Hashable, Hashable]) -> Plan:
    """The same plan with another learner's slot ids."""
    if not ids:
        return made

    def slots(those: Base) -> Base:
        return tuple([slot if slot.id is None else replace(slot, id=ids[slot.id]) for slot in those])

    diff = made.diff
    return replace(
        made,
        slots=slots(made.slots),
        diff=Diff(
            kept=slots(diff.kept),
            moved=tuple(Move(*slots((move.before, move.after))) for move in diff.moved),
            added=diff.added,
            removed=tuple(Removed(slots((gone.slot,))[0], gone.code) for gone in diff.removed),
        ),
    )
