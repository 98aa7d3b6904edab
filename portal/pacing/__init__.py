"""The pacing engine: a published path, a calendar and a policy become dated study slots.

Callers import ``plan``, ``plan_many`` and ``diagnose`` from `portal.pacing.engine`, what goes in from
`portal.pacing.types` and what comes out from `portal.pacing.results`.

Where two rules meet:

- Days and hours of the learner replace the class's; caps and blackouts of the class hold beside them.
- The learner's start, the ends, offsets and cadence due times are read in the class zone, study days, hours, leave
  and pins in the learner's. A due date made from the cadence is never before its slot's end.
- Work that ends at midnight is that day's, for lags too. A completion counts on the day of its instant.
- A slot is missed when its local day is over. What was planned for earlier today stays, and its minutes are kept free
  in what is left of the day.
- A pin missed is missed work, and a pin no longer. A pinned slot of an unsplittable step grows with the step. A missed
  anchor stays on its instant and is reported.
- Without a completion a step is done once its done and skipped slots hold all of its minutes. Nothing waits for a step
  that was only skipped. Skipped minutes still use their day.
- A base slot that fits nowhere later, but earlier, is placed there with reason RESCUE, after the notice period if it
  can; within it, it becomes a removed and an added slot instead (H10). So a re-plan leaves nothing that the next one
  would place.
- A rescue that would move others, or several, is looked for where a re-plan changes something anyway. Where it would
  change nothing, only a plan without any required work unplaced or late is accepted: time passing moves nobody's
  dates (R1). A late required step alone moves to a place in time beside all that stands whenever there is one.
- Dates the caps leave open to both go to the step that is first in author order.
- Late joiners: SHIFT moves the soft end, never past the hard end; all others keep it. Where the class is, is read from
  the plan of a learner who started with the class and has nothing of her own. JOIN_CLASS leaves out what that plan
  has finished by her start, required or not, and counts offsets and weeks from the class's start; steps begun stay.
  CATCH_UP sets, for what that plan has finished by the end of the weeks given, that end as a limit like a due moment
  (late: CATCH_UP); spreading does that work first and the rest after it. Own weeks are then the class's.
- COMPRESS of missed work: it goes to the least load that holds it before the soft end (without one, the last day of
  the base) and before what waits for it; only where that fails it is rolled forward.
- Author order is the order in which steps are looked at. Spacing (hard is difficulty 7 or more) is weighed in first
  plans only and lets independent steps go ahead; it makes nothing above it in the objective worse, so a review gives
  up its offset before the path ends a day later. A hard assessment only goes later, not before what its author put
  before it: at the end of a path that is as soon as possible two of them share the last day.
- DROP_OPTIONAL: an optional step without a place is left out and nothing waits for it; left out once, it comes back
  only where nothing that stands has to move.
- Conflicts are reported of pins and anchors still to be done; what is past cannot be mended.
- Late is measured against the step's due moment and the soft end. A due date made from the cadence is kept when missed
  work moves past it and makes nothing infeasible. Late optional work never changes the verdict.
- A re-plan that changes nothing returns the base's slots as they are, reasons and slack included.
- "Week n" and weekdays are those of the learner's zone, as is the week of the weekly cap.
- Spreading needs a soft end; without one the plan is as soon as possible.
- An edge or a pin that names an unknown step, and ids that come twice, raise ValueError. A completion, extension or
  remainder of an unknown step is ignored, for a new version may have dropped it.
"""
