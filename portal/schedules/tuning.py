"""What a command adds to the inputs that are stored."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from portal.pacing.types import Arrangement, MissedWork, Pin, Policy


@dataclass(frozen=True, slots=True)
class Tuning:
    """How to plan but as stored.

    ``pins`` by member; ``anew`` forgets where open slots are, but for pins; ``soon`` and ``missed`` overrule the
    policy; ``before`` are changes, one an assignment: plans start from the slots as they were before them.
    """

    pins: Mapping[uuid.UUID, tuple[Pin, ...]] = field(default_factory=dict)
    anew: bool = False
    soon: bool = False
    missed: MissedWork | None = None
    before: tuple[uuid.UUID, ...] = ()

    @property
    def rebased(self) -> bool:
        """Whether plans start from other slots than those stored."""
        return self.anew or bool(self.before)

    def tuned(self, policy: Policy) -> Policy:
        """The policy as the command wants it."""
        if self.missed is not None:
            policy = replace(policy, missed=self.missed)
        return replace(policy, arrangement=Arrangement.SOON) if self.soon else policy


AS_STORED = Tuning()
