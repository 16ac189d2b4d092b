"""Attacks on credentials (SD-JWT VC, RFC 9901) and what wallets show of them."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from kernel.crypto.jose import thumbprint
from kernel.crypto.sd_jwt.disclosures import disclosure_digest, make_disclosure
from tests.licence_vault.forms.wallet import Wallet
from tests.seal.pki import NOW
from tests.verify.corpus.case import add, case, family
from tests.verify.corpus.material import Material
from tests.verify.corpus.signed_material import SignedMaterial, at, encoded

DAY = timedelta(days=1)
Text = Callable[[SignedMaterial], str]


def credential(make: Text) -> Text:
    """A case whose maker gives text."""
    add("sd-jwt", make.__name__, (make.__doc__ or "").splitlines()[0], lambda material: make(material.signed).encode())
    return make


def members(name: str, attack: str, listed: dict[str, Text]) -> None:
    """A family of them."""

    def bytes_of(make: Text) -> Callable[[Material], bytes]:
        return lambda material: make(material.signed).encode()

    family("sd-jwt", name, attack, [(word, bytes_of(make)) for word, make in listed.items()])


def reheaded(token: str, **header: Any) -> str:
    """The same payload and signature under another header."""
    old = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    new = {name: value for name, value in (old | header).items() if value is not None}
    return ".".join((encoded(new), *token.split(".")[1:]))


def changed(signed: SignedMaterial, **changes: Any) -> str:
    """What the issuer itself signed, though it is wrong; None takes a claim away."""
    claims = {name: value for name, value in (signed.claims | changes).items() if value is not None}
    return signed.shown(signed.token(claims))


members(
    "algorithm",
    "The header names an algorithm that is none, or not the key's (alg none, digest confusion)",
    {
        name.lower().replace("-", "_"): (lambda signed, name=name: signed.shown(reheaded(signed.token(), alg=name)))
        for name in ("none", "NONE", "HS256", "HS512", "ES384", "ES512", "RS256", "PS256", "EdDSA", "SM2-SM3")
    },
)
members(
    "claim",
    "The issuer's key signed a claim that no licence of this issuer has",
    {
        "of_another_issuer": lambda signed: changed(signed, iss="https://elsewhere.example"),
        "without_issuer": lambda signed: changed(signed, iss=None),
        "of_another_type": lambda signed: changed(signed, vct="https://elsewhere.example/api/v1/credential-types/a/1"),
        "without_type": lambda signed: changed(signed, vct=None),
        "without_identifier": lambda signed: changed(signed, identifier=None),
        "with_a_number_as_identifier": lambda signed: changed(signed, identifier=7),
        "without_digest": lambda signed: changed(signed, content_digest=None),
        "with_another_digest": lambda signed: changed(signed, content_digest="cd" * 32),
        "expired": lambda signed: changed(signed, exp=at(NOW - DAY)),
        "expiring_as_text": lambda signed: changed(signed, exp="never"),
        "expiring_before_time": lambda signed: changed(signed, exp=-1),
        "not_yet_valid": lambda signed: changed(signed, nbf=at(NOW + DAY)),
        "without_beginning": lambda signed: changed(signed, nbf=None),
        "beginning_as_text": lambda signed: changed(signed, nbf="2026"),
        "with_an_unknown_hash": lambda signed: changed(signed, _sd_alg="md5"),
        "with_digests_as_text": lambda signed: changed(signed, _sd="x"),
        "with_a_digest_twice": lambda signed: changed(signed, _sd=signed.claims["_sd"] * 2),
    },
)
members(
    "cut_at_boundary",
    "The text ends at a boundary of its structure",
    {
        "after_the_header": lambda signed: signed.shown().split(".")[0] + ".",
        "before_the_signature": lambda signed: signed.token().rsplit(".", 1)[0] + ".~",
        "inside_the_signature": lambda signed: signed.token()[:-9] + "~",
        "inside_a_disclosure": lambda signed: signed.shown()[:-6] + "~",
        "before_the_last_tilde": lambda signed: signed.shown()[:-1],
        "inside_the_binding": lambda signed: signed.bound()[:-9],
        "before_the_bindings_signature": lambda signed: signed.bound().rsplit(".", 1)[0] + ".",
    },
)
members(
    "binding",
    "The wallet's own signature does not hold, or not for this",
    {
        "by_another_wallet": lambda signed: signed.bound(wallet=Wallet()),
        "of_another_type": lambda signed: signed.bound(typ="jwt"),
        "over_another_credential": lambda signed: signed.bound(sd_hash=encoded(bytes(32))),
        "without_digest": lambda signed: signed.bound(sd_hash=None),
        "without_audience": lambda signed: signed.bound(aud=None),
        "without_nonce": lambda signed: signed.bound(nonce=None),
        "without_time": lambda signed: signed.bound(iat=None),
        "from_the_future": lambda signed: signed.bound(iat=at(NOW + DAY)),
        "of_a_credential_bound_to_nobody": lambda signed: signed.bound(changed(signed, cnf=None)),
        "of_a_credential_bound_to_rubbish": lambda signed: signed.bound(changed(signed, cnf={"jwk": {"kty": "EC"}})),
    },
)


@credential
def key_of_a_stranger_fail(signed: SignedMaterial) -> str:
    """A stranger signed, under a key id of its own."""
    return signed.shown(signed.token(key=signed.stranger))


@credential
def wrong_key_id_fail(signed: SignedMaterial) -> str:
    """A stranger signed under the key id of the house."""
    return signed.shown(signed.token(key=signed.stranger, kid=thumbprint(signed.credential_key.public_spki)))


@credential
def key_id_of_another_issuer_fail(signed: SignedMaterial) -> str:
    """The house signed under the key id of another trusted issuer."""
    return signed.shown(signed.token(kid=thumbprint(signed.other_issuer.public_spki)))


@credential
def another_trusted_issuer_fail(signed: SignedMaterial) -> str:
    """Another trusted issuer signed a licence of this one."""
    return signed.shown(signed.token(key=signed.other_issuer))


@credential
def key_in_the_header_fail(signed: SignedMaterial) -> str:
    """A stranger's key comes along in the header."""
    wallet = Wallet()
    return signed.shown(wallet.sign(signed.claims, typ="dc+sd-jwt", jwk=wallet.public_key))


@credential
def key_address_in_the_header_fail(signed: SignedMaterial) -> str:
    """The header says where a stranger's key is to be fetched."""
    return signed.shown(signed.token(key=signed.stranger, jku="https://evil.example/keys"))


@credential
def critical_header_fail(signed: SignedMaterial) -> str:
    """The header demands an extension that nobody here knows."""
    return signed.shown(signed.token(crit=["exp"]))


@credential
def no_key_id_by_a_stranger_fail(signed: SignedMaterial) -> str:
    """A stranger signed and names no key."""
    return signed.shown(signed.token(key=signed.stranger, kid=None))


@credential
def key_of_qr_codes_fail(signed: SignedMaterial) -> str:
    """The house's key for QR codes signed a credential."""
    return signed.shown(signed.token(key=signed.qr_key))


@credential
def key_of_status_lists_fail(signed: SignedMaterial) -> str:
    """The house's key for status lists signed a credential."""
    return signed.shown(signed.token(key=signed.status_key))


@credential
def status_list_shown_fail(signed: SignedMaterial) -> str:
    """A status list is passed off as a credential."""
    return signed.shown(signed.token(signed.status_claims(), typ="statuslist+jwt"), [])


@credential
def receipt_type_fail(signed: SignedMaterial) -> str:
    """The header calls it a receipt."""
    return signed.shown(signed.token(typ="receipt+jwt"))


@credential
def type_of_the_other_form_fail(signed: SignedMaterial) -> str:
    """The header calls it a signed JSON, which hides nothing."""
    return signed.shown(signed.token(typ="licence+jwt"))


@credential
def disclosure_changed_fail(signed: SignedMaterial) -> str:
    """A disclosure shows another name."""
    return signed.shown(disclosures=[make_disclosure("李四", "name")])


@credential
def disclosure_twice_fail(signed: SignedMaterial) -> str:
    """A disclosure comes twice."""
    return signed.shown(disclosures=[*signed.disclosures, signed.disclosures[0]])


@credential
def disclosure_of_another_credential_fail(signed: SignedMaterial) -> str:
    """A disclosure comes from somebody else's credential."""
    return signed.shown(disclosures=SignedMaterial().disclosures[:1])


@credential
def disclosure_that_nobody_signed_fail(signed: SignedMaterial) -> str:
    """One disclosure more than was signed."""
    return signed.shown(disclosures=[*signed.disclosures, make_disclosure(True, "is_exempt")])


@credential
def disclosure_of_a_decoy_fail(signed: SignedMaterial) -> str:
    """A decoy digest is claimed to be a disclosure."""
    decoy = next(each for each in signed.claims["fields"]["_sd"])
    return signed.shown(disclosures=[decoy])


@credential
def disclosure_that_is_no_list_fail(signed: SignedMaterial) -> str:
    """A disclosure is an object."""
    return signed.shown(disclosures=[encoded({"name": "x"})])


@credential
def disclosure_that_is_nested_deep_fail(signed: SignedMaterial) -> str:
    """A disclosure is nested ten thousand deep."""
    return signed.shown(disclosures=[encoded(b"[" * 10_000 + b"]" * 10_000)])


def _hidden(signed: SignedMaterial, value: Any, name: str) -> str:
    disclosure = make_disclosure(value, name)
    claims = {key: each for key, each in signed.claims.items() if key != name}
    return signed.shown(signed.token(claims | {"_sd": [disclosure_digest(disclosure)]}), [disclosure])


members(
    "hidden_claim",
    "What decides is hidden, to be shown or not as one likes",
    {
        "expiry": lambda signed: _hidden(signed, at(NOW + DAY), "exp"),
        "issuer": lambda signed: _hidden(signed, signed.claims["iss"], "iss"),
        "wallet": lambda signed: _hidden(signed, signed.claims["cnf"], "cnf"),
        "status": lambda signed: _hidden(signed, signed.claims["status"], "status"),
        "digest": lambda signed: _hidden(signed, signed.claims["content_digest"], "content_digest"),
        "identifier": lambda signed: _hidden(signed, signed.claims["identifier"], "identifier"),
        "digests": lambda signed: _hidden(signed, ["x"], "_sd"),
        "dots": lambda signed: _hidden(signed, "x", "..."),
    },
)


@credential
def payload_changed_fail(signed: SignedMaterial) -> str:
    """The payload is another than was signed."""
    head, _payload, signature = signed.token().split(".")
    return signed.shown(".".join((head, encoded(signed.claims | {"exp": at(NOW + 9999 * DAY)}), signature)))


@credential
def signature_zero_fail(signed: SignedMaterial) -> str:
    """The signature is zeros (CVE-2022-21449)."""
    return signed.shown(signed.token().rsplit(".", 1)[0] + "." + encoded(bytes(64)))


@credential
def signature_in_der_fail(signed: SignedMaterial) -> str:
    """The signature is written in the form of another standard."""
    head, payload, _ = signed.token().split(".")
    der = signed.credential_key.sign(f"{head}.{payload}".encode())
    return signed.shown(f"{head}.{payload}.{encoded(der)}")


@credential
def member_twice_fail(signed: SignedMaterial) -> str:
    """A claim comes twice in the payload: readers choose differently."""
    from kernel.crypto.jose import sign_jws

    text = json.dumps(signed.claims)[:-1] + f', "exp": {at(NOW + 9999 * DAY)}}}'
    head = {"typ": "dc+sd-jwt", "kid": thumbprint(signed.credential_key.public_spki)}
    return signed.shown(sign_jws(text.encode(), signed.credential_key, head))


@case("sd-jwt")
def too_large_fail(material: Material) -> bytes:
    """A credential of a megabyte."""
    return material.signed.shown(disclosures=[encoded(b"[" + b'"x",' * 200_000 + b'"x"]')]).encode()
