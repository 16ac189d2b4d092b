"""Attacks on status lists: each is to make a revoked licence look valid to somebody without a connection."""

import base64
import json
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from kernel.crypto.jose import thumbprint
from licence_vault.status.encoding import StatusArray
from tests.seal.pki import NOW
from tests.verify.corpus.case import add, family, flip
from tests.verify.corpus.material import Material
from tests.verify.corpus.signed_material import PLACE, REVOKED, SIZE, STATUS_URI, SignedMaterial, at, encoded

DAY = timedelta(days=1)
Text = Callable[[SignedMaterial], str]
CLEAN = StatusArray.of(SIZE, {})


def listed(make: Text) -> Text:
    """A case whose maker gives a Status List Token."""
    add("status", make.__name__, (make.__doc__ or "").splitlines()[0], lambda material: make(material.signed).encode())
    return make


def members(name: str, attack: str, each: dict[str, Text]) -> None:
    """A family of them."""

    def bytes_of(make: Text) -> Callable[[Material], bytes]:
        return lambda material: make(material.signed).encode()

    family("status", name, attack, [(word, bytes_of(make)) for word, make in each.items()])


def clean(signed: SignedMaterial, **changes: Any) -> str:
    """A list on which nobody is revoked, signed by the house, with something wrong about it."""
    claims = signed.status_claims({}) | changes
    return signed.status_token({name: value for name, value in claims.items() if value is not None})


def packed(signed: SignedMaterial, bits: Any = 2, lst: Any = None, **more: Any) -> str:
    """A list with these bytes."""
    return clean(signed, status_list={"bits": bits, "lst": CLEAN.lst if lst is None else lst, **more})


def deflated(data: bytes, **options: Any) -> str:
    """As in the member lst."""
    packer = zlib.compressobj(9, zlib.DEFLATED, options.get("window", 15))
    return base64.urlsafe_b64encode(packer.compress(data) + packer.flush()).rstrip(b"=").decode()


def reheaded(token: str, **header: Any) -> str:
    """The same payload and signature under another header."""
    old = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    return ".".join((encoded(old | header), *token.split(".")[1:]))


members(
    "algorithm",
    "The header names an algorithm that is none, or not the key's",
    {
        name.lower(): (lambda signed, name=name: reheaded(clean(signed), alg=name))
        for name in ("none", "None", "HS256", "ES384", "RS256", "EdDSA")
    },
)
members(
    "signed_by",
    "A clean list signed by somebody whose word does not count here",
    {
        "a_stranger": lambda signed: signed.status_token(signed.status_claims({}), key=signed.stranger),
        "another_trusted_issuer": lambda signed: signed.status_token(signed.status_claims({}), key=signed.other_issuer),
        "the_key_of_credentials": lambda signed: signed.status_token(
            signed.status_claims({}), key=signed.credential_key
        ),
        "the_key_of_qr_codes": lambda signed: signed.status_token(signed.status_claims({}), key=signed.qr_key),
        "nobody": lambda signed: clean(signed).rsplit(".", 1)[0] + ".",
        "zeros": lambda signed: clean(signed).rsplit(".", 1)[0] + "." + encoded(bytes(64)),
    },
)
members(
    "type",
    "The token is not a status list",
    {
        "jwt": lambda signed: signed.status_token(signed.status_claims({}), typ="JWT"),
        "receipt": lambda signed: signed.status_token(signed.status_claims({}), typ="receipt+jwt"),
        "seal_status": lambda signed: signed.status_token(signed.status_claims({}), typ="seal-status+jwt"),
        "credential": lambda signed: signed.status_token(signed.status_claims({}), typ="dc+sd-jwt"),
        "nothing": lambda signed: signed.status_token(signed.status_claims({}), typ=""),
    },
)
members(
    "subject",
    "The list is of another address than the licence names",
    {
        "of_another_number": lambda signed: clean(signed, sub=STATUS_URI[:-1] + "2"),
        "of_another_issuer": lambda signed: clean(signed, sub="https://elsewhere.example/api/v1/status/1"),
        "of_a_longer_host": lambda signed: clean(signed, sub="https://zhengzhao.example.cn.evil/api/v1/status/1"),
        "in_upper_case": lambda signed: clean(signed, sub=STATUS_URI.upper()),
        "with_a_fragment": lambda signed: clean(signed, sub=STATUS_URI + "#4711"),
        "missing": lambda signed: clean(signed, sub=None),
        "as_a_number": lambda signed: clean(signed, sub=1),
    },
)
members(
    "time",
    "The list is not of today, or of no time",
    {
        "run_out": lambda signed: clean(signed, iat=at(NOW - 2 * DAY), exp=at(NOW - DAY)),
        "of_last_year": lambda signed: clean(signed, iat=at(NOW - 365 * DAY), exp=at(NOW - 364 * DAY)),
        "from_the_future": lambda signed: clean(signed, iat=at(NOW + DAY), exp=at(NOW + 2 * DAY)),
        "without_issuing": lambda signed: clean(signed, iat=None),
        "without_end": lambda signed: clean(signed, exp=None),
        "issued_as_text": lambda signed: clean(signed, iat="now"),
        "ended_as_text": lambda signed: clean(signed, exp="never"),
        "negative": lambda signed: clean(signed, iat=-1),
        "beyond_all_calendars": lambda signed: clean(signed, exp=10**18),
        "true": lambda signed: clean(signed, iat=True),
    },
)
members(
    "list",
    "The list cannot hold what it should (bit size confusion, bombs, cuts)",
    {
        "of_no_bits": lambda signed: packed(signed, bits=0),
        "of_three_bits": lambda signed: packed(signed, bits=3),
        "of_sixteen_bits": lambda signed: packed(signed, bits=16),
        "of_negative_bits": lambda signed: packed(signed, bits=-2),
        "of_bits_as_text": lambda signed: packed(signed, bits="2"),
        "of_bits_as_a_fraction": lambda signed: packed(signed, bits=2.5),
        "of_bits_unsaid": lambda signed: packed(signed, bits=None),
        "too_short": lambda signed: packed(signed, lst=StatusArray.of(64, {}).lst),
        "read_with_eight_bits": lambda signed: packed(signed, bits=8),
        "empty": lambda signed: packed(signed, lst=deflated(b"")),
        "bomb": lambda signed: packed(signed, lst=deflated(bytes(64 << 20))),
        "cut": lambda signed: packed(signed, lst=CLEAN.lst[:-8]),
        "with_a_tail": lambda signed: packed(signed, lst=CLEAN.lst + "AAAA"),
        "in_raw_deflate": lambda signed: packed(signed, lst=deflated(bytes(SIZE // 4), window=-15)),
        "in_gzip": lambda signed: packed(signed, lst=deflated(bytes(SIZE // 4), window=31)),
        "not_deflated": lambda signed: packed(signed, lst=encoded(bytes(SIZE // 4))),
        "with_other_letters": lambda signed: packed(signed, lst="!!!!"),
        "as_a_list": lambda signed: packed(signed, lst=[0] * 8),
        "missing": lambda signed: clean(signed, status_list=None),
        "as_text": lambda signed: clean(signed, status_list="x"),
    },
)
members(
    "cut_at_boundary",
    "The token ends at a boundary of its structure",
    {
        "in_the_header": lambda signed: clean(signed)[:9],
        "after_the_header": lambda signed: clean(signed).split(".")[0],
        "in_the_payload": lambda signed: clean(signed).rsplit(".", 1)[0][:-20] + ".",
        "in_the_signature": lambda signed: clean(signed)[:-10],
    },
)


@listed
def genuine_and_revoked_fail(signed: SignedMaterial) -> str:
    """The genuine list, which says that the licence is revoked."""
    return signed.status_token()


@listed
def suspended_fail(signed: SignedMaterial) -> str:
    """The genuine list, which says that the licence is suspended."""
    return signed.status_token(signed.status_claims({PLACE: 2}))


@listed
def superseded_fail(signed: SignedMaterial) -> str:
    """The genuine list, which says that a newer version replaced the licence."""
    return signed.status_token(signed.status_claims({PLACE: 3}))


@listed
def payload_exchanged_fail(signed: SignedMaterial) -> str:
    """The clean payload stands under the signature of the genuine list."""
    head, _payload, signature = signed.status_token().split(".")
    return ".".join((head, encoded(signed.status_claims({})), signature))


@listed
def key_id_of_the_house_by_a_stranger_fail(signed: SignedMaterial) -> str:
    """A stranger signed under the key id of the house."""
    token = signed.status_token(signed.status_claims({}), key=signed.stranger)
    return reheaded(token, kid=thumbprint(signed.status_key.public_spki))


@listed
def bit_flipped_fail(signed: SignedMaterial) -> str:
    """The bit of the licence is changed in the genuine list."""
    marked = StatusArray.of(SIZE, {PLACE: REVOKED})
    raw = flip(zlib.decompress(base64.urlsafe_b64decode(marked.lst + "==")), PLACE * 2 // 8)
    claims = signed.status_claims() | {"status_list": {"bits": 2, "lst": deflated(raw)}}
    head, _payload, signature = signed.status_token().split(".")
    return ".".join((head, encoded(claims), signature))
