"""How somebody proved to be there, in the words of RFC 8176."""

from collections.abc import Sequence

PASSKEY_METHODS = frozenset({"hwk", "swk"})


def proves_second_factor(amr: Sequence[str]) -> bool:
    """Whether these methods are two factors: a passkey with its owner's finger, face or PIN, or a code after something.

    A code sent by e-mail that stands alone is `otp` too, and is one factor.
    """
    return not PASSKEY_METHODS.isdisjoint(amr) or "mfa" in amr or "otp" in amr[1:]


def with_code(amr: tuple[str, ...]) -> tuple[str, ...]:
    """The methods after a one-time code on top of them."""
    return (*amr, "mfa") if "otp" in amr else (*amr, "otp")
