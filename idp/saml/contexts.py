"""Authentication contexts: what applications may ask for, and what a sign-in was (SAML Core §3.3.2.2.1). Pure."""

from dataclasses import dataclass

from idp.persons.person import HIGHEST_ONLINE_LEVEL, acr, level_of
from idp.saml.authn_request import AuthnRequest
from idp.sessions.methods import proves_second_factor

_CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
PASSWORD = _CLASSES + "PasswordProtectedTransport"
UNSPECIFIED = _CLASSES + "unspecified"
TIME_SYNC = _CLASSES + "TimeSyncToken"
MFA = "https://refeds.org/profile/mfa"
ANY = frozenset({PASSWORD, UNSPECIFIED, _CLASSES + "Password", _CLASSES + "InternetProtocolPassword"})
"""What every sign-in here is at least, as applications mean it: most ask for a password because their library does."""
TWO_FACTORS = frozenset({TIME_SYNC, MFA})


@dataclass(frozen=True)
class Wish:
    """What a request's contexts come to. `level`: the assurance that is asked for (1: none in particular);
    `two_factors`: a second factor is; `impossible`: nothing of it is known here."""

    level: int = 1
    two_factors: bool = False
    impossible: bool = False

    @property
    def reachable_level(self) -> int:
        """What a person can reach by themselves on our pages."""
        return min(self.level, HIGHEST_ONLINE_LEVEL)


def read_wish(request: AuthnRequest) -> Wish:
    """The least of what is asked for: any one of the classes will do."""
    if not request.contexts:
        return Wish()
    wishes = [found for each in request.contexts if (found := _wish(each, request.comparison)) is not None]
    if not wishes:
        return Wish(impossible=True)
    return min(wishes, key=lambda each: (each.level, each.two_factors))


def _wish(context: str, comparison: str) -> Wish | None:
    level = level_of(context)
    if comparison == "maximum":
        return Wish() if level is not None or context in ANY | TWO_FACTORS else None
    if level is not None:
        wanted = level + 1 if comparison == "better" else level
        return Wish(level=wanted) if level_of(acr(min(wanted, 4))) == wanted else None
    if context in TWO_FACTORS:
        return Wish(two_factors=True) if comparison != "better" else None
    if context in ANY:
        return Wish(two_factors=comparison == "better")
    return None


def context_of(request: AuthnRequest, amr: tuple[str, ...], level: int) -> str:
    """The class to name for a sign-in that meets the wish: one that was asked for where it is true of the sign-in."""
    true = set()
    if "pwd" in amr:
        true.add(PASSWORD)
    if proves_second_factor(amr):
        true |= {MFA, *([TIME_SYNC] if "otp" in amr else [])}
    for each in request.contexts:
        asked = level_of(each)
        if each in true or (request.comparison == "exact" and asked is not None and asked <= level):
            return each
    if any(level_of(each) is not None for each in request.contexts):
        return acr(level)
    if request.comparison == "better" and MFA in true:
        return MFA
    return PASSWORD if PASSWORD in true else UNSPECIFIED
