"""A mandate: who acts for which organisation, how far, and how long. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Capacity(StrEnum):
    """As what somebody acts: the representative whom the register names, or an agent whom that one appointed."""

    REPRESENTATIVE = "representative"
    AGENT = "agent"


class Power(StrEnum):
    """What an agent may do in the organisation's name."""

    SEE = "see"
    PRESENT = "present"
    AUTHORISE = "authorise"
    APPLICATIONS = "applications"


ALL_POWERS = frozenset(Power)


class MandateState(StrEnum):
    """Where a mandate stands at a moment."""

    OFFERED = "offered"
    WAITING = "waiting"
    IN_FORCE = "in-force"
    LAPSED = "lapsed"
    ENDED = "ended"


@dataclass(frozen=True)
class Term:
    """From when until when; `until` None: until it is taken back."""

    since: datetime
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether a moment lies in it: the beginning does, the end does not."""
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True)
class Mandate:
    """One mandate of one person. `ended_because`: declined, revoked, given up, replaced, term over."""

    id: str
    uscc: str
    organisation_name: str
    person_id: str
    capacity: Capacity
    powers: frozenset[Power]
    term: Term
    offered_at: datetime
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None

    def state(self, now: datetime) -> MandateState:
        """Where it stands."""
        if self.ended_at is not None:
            return MandateState.ENDED
        if self.term.until is not None and now >= self.term.until:
            return MandateState.LAPSED
        if self.accepted_at is None:
            return MandateState.OFFERED
        return MandateState.IN_FORCE if now >= self.term.since else MandateState.WAITING

    def is_in_force(self, now: datetime) -> bool:
        """Whether somebody may act under it now."""
        return self.state(now) is MandateState.IN_FORCE

    @property
    def is_representative(self) -> bool:
        """Whether its holder appoints agents."""
        return self.capacity is Capacity.REPRESENTATIVE

    @property
    def organisation(self) -> dict[str, str]:
        """The organisation as tokens name it."""
        return {"uscc": self.uscc, "name": self.organisation_name}


def may_enter(mandate: Mandate, *, is_first_party: bool) -> bool:
    """Whether somebody may sign in at an application under a mandate: at our own always, at others with the power."""
    return is_first_party or Power.APPLICATIONS in mandate.powers
