"""What people type for a phone number or an e-mail address, and the one form that each is kept in."""

import re
from dataclasses import dataclass, field

from kernel.errors import FieldError, InvalidInput
from kernel.messages.message import Channel

_MAINLAND = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
_ABROAD = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(
    r"[!#$%&'*+\-/=?^_`{|}~.0-9a-z]{1,64}@(?:[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?\.)+[a-z][0-9a-z-]{1,62}"
)
_SPACING = str.maketrans("", "", " \t\u3000-()（）")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９＋＠．", "0123456789+@.")
LONGEST = 254
NOT_AN_ADDRESS = "Enter a mobile phone number or an e-mail address."


@dataclass(frozen=True)
class Address:
    """Where somebody can be reached: a number in E.164, or an e-mail address in lower case."""

    channel: Channel
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """As it may be shown to whoever typed it, or whose it is."""
        if self.channel == "sms":
            own = self.value.removeprefix("+86")
            return f"{own[:3]}****{own[-4:]}"
        name, _at, domain = self.value.partition("@")
        return f"{name[:1]}***@{domain}"


def parse_address(text: str) -> Address:
    """The address that was typed. Raises `InvalidInput` for what is none.

    A number without a country is one of mainland China's mobile numbers. Mail servers may tell capital letters apart;
    none in use does, and people do not.
    """
    typed = text.strip().translate(_FULL_WIDTH)
    if "@" in typed:
        value = typed.lower()
        if len(value) <= LONGEST and _EMAIL.fullmatch(value) and ".." not in value:
            return Address("email", value)
    else:
        digits = typed.translate(_SPACING)
        if own := _MAINLAND.fullmatch(digits):
            return Address("sms", f"+86{own[1]}")
        if _ABROAD.fullmatch(digits) and not digits.startswith("+86"):
            return Address("sms", digits)
    raise InvalidInput(NOT_AN_ADDRESS, fields=[FieldError("address", NOT_AN_ADDRESS)])
