"""Hiding claims behind digests (RFC 9901 §4.2.4), for an issuer to sign."""

from collections.abc import Mapping
from typing import Any

from kernel.crypto.sd_jwt.disclosures import decoy_digest, disclosure_digest, make_disclosure


def hide(members: Mapping[str, Any], *, places: int = 0) -> tuple[dict[str, list[str]], list[str]]:
    """An object that shows none of `members`, and a disclosure for each of them in their order.

    With decoys it has at least `places` digests, so that their number does not tell which members there are. The
    digests are sorted: their order says nothing either.
    """
    disclosures = [make_disclosure(value, name) for name, value in members.items()]
    digests = [disclosure_digest(text) for text in disclosures]
    digests += [decoy_digest() for _place in range(places - len(digests))]
    return {"_sd": sorted(digests)}, disclosures
