"""The answer to “is this licence good?”, for a person on a phone and for a program."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kernel.i18n import gettext
from seal.validation.report import Check
from verify.standing import DATA_CODES, LicenceStanding, LicenceState


@dataclass(frozen=True)
class StateOn:
    """How the licence stood at the end of a day that somebody asked for; None before it was issued."""

    day: date
    state: LicenceState | None


@dataclass(frozen=True)
class VerificationVerdict:
    """State, what was checked and what was not, and the licence's public face (None where nothing is known)."""

    state: LicenceState
    checks: Sequence[Check]
    checked_at: datetime
    licence: LicenceStanding | None = None
    on: StateOn | None = None

    @property
    def is_good(self) -> bool:
        """Whether the licence may be relied on now."""
        return self.state is LicenceState.VALID

    def to_json(self) -> dict[str, object]:
        """The shape that `/v/{code}` answers to programs."""
        answer: dict[str, object] = {
            "state": self.state.value,
            "code": DATA_CODES[self.state],
            "checked_at": self.checked_at.isoformat(),
            "checks": [check.to_dict(gettext) for check in self.checks],
        }
        if self.licence is not None:
            answer["licence"] = self.licence.to_json()
        if self.on is not None:
            state = self.on.state.value if self.on.state else "not_issued"
            answer["on"] = {"date": self.on.day.isoformat(), "state": state}
        return answer
