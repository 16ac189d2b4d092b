"""A trust pack of another house, read strictly: its digest and signature must hold, its keys must be its own."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from kernel.crypto.certificates import Certificate
from kernel.crypto.jose import InvalidToken, JwkSet, verify_jws
from kernel.errors import InvalidInput
from seal.validation.trust import SealState, SealStatus
from verify.status.judging import StatusList, readable_lists
from verify.trust_list.document import Anchor, PublishedSeal, QrKey, TrustList, digest_of

MAX_BYTES = 8 * 1024 * 1024
UNREADABLE = "This is not a trust pack of another region. Fetch /api/v1/trust-pack there."
STATES: Mapping[str, SealState] = {"active": "active", "suspended": "suspended", "revoked": "revoked"}


@dataclass(frozen=True)
class RegionPack:
    """What another house publishes. `issuer` is its public address, `signers` the SHA-256 (hex) of its receipt keys, by
    one of which the list is signed: the fingerprint to compare with the region by another way."""

    issuer: str
    trust: TrustList
    status_tokens: Sequence[str]
    signers: frozenset[str]
    signer: str
    digest: str

    def lists(self) -> list[StatusList]:
        """Its status lists that hold."""
        return readable_lists(self.status_tokens, self.trust.status_keys)

    def seal_standings(self, stale: bool) -> dict[str, SealStatus]:
        """How its seals stand; `stale` when the pack is too old to be relied on."""
        standings = {}
        for seal in self.trust.seals:
            if (state := STATES.get(seal.status)) is not None:
                standings[seal.seal_id] = SealStatus(
                    state,
                    self.trust.issued_at,
                    as_of=self.trust.issued_at if stale else None,
                    seals=frozenset(seal.seals),
                    makers=frozenset(seal.makers),
                )
        return standings


def read_region_pack(data: bytes) -> RegionPack:
    """Read a pack or a bare trust list; raises `InvalidInput` saying what does not hold."""
    if len(data) > MAX_BYTES:
        raise InvalidInput(UNREADABLE, reason="too large")
    try:
        document = json.loads(data)
        listed = document.get("trust_list", document)
        tokens = document.get("status_lists", [])
        if not isinstance(tokens, list) or not all(isinstance(each, str) for each in tokens):
            raise TypeError("status_lists")
        trust = _trust_list(listed)
        digest, signature = str(listed["digest"]), str(listed["signature"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as failure:
        raise InvalidInput(UNREADABLE, reason=type(failure).__name__) from failure
    if digest != f"sha-256:{digest_of(listed)}":
        raise InvalidInput("The trust list was changed: its digest does not hold.")
    issuer, signer = _signed_by(signature, trust, digest)
    keys = (*trust.qr_keys, *trust.receipt_keys, *trust.status_keys, *trust.credential_keys)
    if any(key.issuer != issuer for key in keys):
        raise InvalidInput("The trust list names keys of somebody else than {issuer}.", issuer=issuer)
    signers = frozenset(sha256(key.spki).hexdigest() for key in trust.receipt_keys)
    return RegionPack(issuer, trust, tuple(tokens), signers, signer, digest.removeprefix("sha-256:"))


def _signed_by(signature: str, trust: TrustList, digest: str) -> tuple[str, str]:
    """The address that the list speaks for, and the fingerprint of the key that signed it."""
    for key in trust.receipt_keys:
        try:
            _header, payload = verify_jws(signature, JwkSet.of([key.spki]), ["ES256"])
        except (InvalidToken, InvalidInput):
            continue
        claims = json.loads(payload)
        issuer = claims.get("iss")
        parts = urlsplit(issuer) if isinstance(issuer, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
            break
        if claims.get("digest") == digest and claims.get("iat") == int(trust.issued_at.timestamp()):
            return str(issuer), sha256(key.spki).hexdigest()
    raise InvalidInput("The trust list is not signed by a key that it names.")


def _trust_list(listed: Mapping[str, Any]) -> TrustList:
    """From the published form (`TrustList.to_json`); raises ValueError, KeyError, TypeError."""
    moment = datetime.fromisoformat(listed["issued_at"])
    if moment.tzinfo is None:
        raise ValueError("issued_at")
    return TrustList(
        issued_at=moment,
        anchors=[_anchor(each) for each in listed["anchors"]],
        signer_anchors=[_anchor(each) for each in listed.get("signer_anchors", ())],
        intermediates=[_certificate(each) for each in listed["intermediates"]],
        qr_keys=[_key(each) for each in listed["qr_keys"]],
        receipt_keys=[_key(each) for each in listed["receipt_keys"]],
        status_keys=[_key(each) for each in listed["status_keys"]],
        credential_keys=[_key(each) for each in listed["credential_keys"]],
        seals=[_seal(each) for each in listed["seals"]],
        crls=[_bytes(each) for each in listed["crls"]],
    )


def _anchor(entry: Mapping[str, Any]) -> Anchor:
    return Anchor(str(entry["name"])[:200], _certificate(entry["certificate"]))


def _certificate(text: str) -> bytes:
    der = _bytes(text)
    Certificate.load(der)
    return der


def _key(entry: Mapping[str, Any]) -> QrKey:
    return QrKey(str(entry["kid"]), str(entry["alg"]), _bytes(entry["spki"]), str(entry["issuer"]))


def _seal(entry: Mapping[str, Any]) -> PublishedSeal:
    name, owner = str(entry["name"])[:200], str(entry["owner"])[:200]
    seals, makers = (tuple(map(str, entry.get(each, ()))) for each in ("seals", "makers"))
    return PublishedSeal(
        str(entry["id"]), name, owner, str(entry["status"]), _bytes(entry["certificate"]), seals, makers
    )


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as failure:
        raise ValueError("base64") from failure
