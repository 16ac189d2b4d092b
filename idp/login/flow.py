"""The state machine of a sign-in. Pure: a stored request and a few facts in, the next step out."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Literal

from idp.consent.service import ConsentQuestion
from idp.persons.person import HIGHEST_ONLINE_LEVEL
from idp.sessions.methods import proves_second_factor


class Step(Enum):
    """What the person, or the dispatcher, does next."""

    IDENTIFY = "identify"
    SECOND_FACTOR = "second-factor"
    CHOOSE_WHOM = "choose-whom"
    ENROL_SECOND_FACTOR = "enrol-second-factor"
    SIGN_IN = "sign-in"
    CONFIRM_REAL_NAME = "confirm-real-name"
    CONSENT = "consent"
    DONE = "done"


@dataclass(frozen=True)
class LoginRequest:
    """One sign-in under way.

    `browser` is the hash of the cookie that the beginning browser holds; `resume_at` is a path of ours where a
    finished sign-in goes on; `leads_to` is the origin that may follow it (for the page's `form-action`).
    `wanted_level` is the assurance that the application would like; `will_confirm` turns False when the person would
    rather not. `subject_type` is what the application asks for; `acts_for` the mandate that the person chose, empty for
    themselves, None while they were not asked; `will_choose`: they want to be. `proved_at`: when they proved who they
    are, where that was before.
    """

    id: str
    browser: str
    resume_at: str
    begun_at: datetime
    client_name: str = ""
    leads_to: str = ""
    username_hint: str = ""
    person_id: str | None = None
    amr: tuple[str, ...] = ()
    wanted_level: int = 1
    will_confirm: bool = True
    session_id: str | None = None
    consent: ConsentQuestion | None = None
    must_consent: bool = False
    consent_answer: Literal["given", "refused"] | None = None
    subject_type: Literal["natural", "legal"] | None = None
    acts_for: str | None = None
    proved_at: datetime | None = None
    will_choose: bool = False


@dataclass(frozen=True)
class PersonFacts:
    """What the next step depends on beside the request itself."""

    needs_second_factor: bool
    has_second_factor: bool
    has_consented: bool
    assurance_level: int = 1
    may_act: bool = False


def next_step(request: LoginRequest, facts: PersonFacts | None) -> Step:
    """The first thing that is still missing. `facts` are about `request.person_id`, None while that is unknown."""
    if request.person_id is None or facts is None:
        return Step.IDENTIFY
    if request.session_id is None:
        return _step_to_sign_in(request, facts)
    reachable = min(request.wanted_level, HIGHEST_ONLINE_LEVEL)
    if request.will_confirm and facts.assurance_level < reachable:
        return Step.CONFIRM_REAL_NAME
    is_asked = request.consent is not None and request.consent_answer is None
    return Step.CONSENT if is_asked and (request.must_consent or not facts.has_consented) else Step.DONE


def _step_to_sign_in(request: LoginRequest, facts: PersonFacts) -> Step:
    is_proved = proves_second_factor(request.amr)
    if not is_proved and facts.has_second_factor:
        return Step.SECOND_FACTOR
    if not is_proved and facts.needs_second_factor:
        return Step.ENROL_SECOND_FACTOR
    is_asked = facts.may_act and request.acts_for is None and (request.will_choose or request.subject_type == "legal")
    return Step.CHOOSE_WHOM if is_asked else Step.SIGN_IN


def to_bytes(request: LoginRequest) -> bytes:
    """A request as it is stored."""
    proved_at = request.proved_at.isoformat() if request.proved_at else None
    return json.dumps(asdict(request) | {"begun_at": request.begun_at.isoformat(), "proved_at": proved_at}).encode()


def from_bytes(stored: bytes) -> LoginRequest:
    """The request that `to_bytes` wrote."""
    values = json.loads(stored)
    consent = values["consent"]
    if consent is not None:
        consent = ConsentQuestion(consent["client_id"], consent["client_name"], tuple(consent["scopes"]))
    proved_at = datetime.fromisoformat(values["proved_at"]) if values["proved_at"] else None
    moments = {"begun_at": datetime.fromisoformat(values["begun_at"]), "proved_at": proved_at}
    return LoginRequest(**{**values, **moments, "consent": consent, "amr": tuple(values["amr"])})
