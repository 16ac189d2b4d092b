"""Which second factors a person has."""

from dataclasses import dataclass

from idp.factors.recovery import RecoveryCodes
from idp.factors.totp import TotpService
from idp.passkeys.service import PasskeyService


@dataclass(frozen=True)
class FactorStanding:
    """What a person could show."""

    has_app: bool
    passkeys: int
    recovery_codes: int = 0

    def suffices(self, *, is_needed: bool) -> bool:
        """Whether there is a factor to ask for.

        Whoever set up an app wants to be asked always. A passkey is for comfort too: beside a password it is asked for
        where a role needs a second factor.
        """
        return self.has_app or (is_needed and self.passkeys > 0)


@dataclass(frozen=True)
class SecondFactors:
    """The factors there are."""

    totp: TotpService
    passkeys: PasskeyService
    recovery: RecoveryCodes

    async def standing(self, person_id: str) -> FactorStanding:
        """What this person has."""
        passkeys, codes = await self.passkeys.count(person_id), await self.recovery.left(person_id)
        return FactorStanding(await self.totp.is_enrolled(person_id), passkeys, codes)
