"""Attacks on printed QR codes: the address, the COSE_Sign1 behind it, and the claims inside."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import cbor2

from kernel.crypto.cose import key_id
from kernel.crypto.private_keys import generate_key
from tests.seal.pki import NOW
from tests.verify.corpus.case import add, family, flip
from tests.verify.corpus.material import Material
from tests.verify.corpus.signed_material import SignedMaterial, at
from tests.verify.world import HANDLE, PUBLIC_URL, seconds

DAY = timedelta(days=1)
HOST = PUBLIC_URL.upper()
Text = Callable[[SignedMaterial], str]


def code(make: Text) -> Text:
    """A case whose maker gives the text of a code."""
    add("qr", make.__name__, (make.__doc__ or "").splitlines()[0], lambda material: make(material.signed).encode())
    return make


def members(name: str, attack: str, listed: dict[str, Text]) -> None:
    """A family of them."""

    def bytes_of(make: Text) -> Callable[[Material], bytes]:
        return lambda material: make(material.signed).encode()

    family("qr", name, attack, [(word, bytes_of(make)) for word, make in listed.items()])


def parts(message: bytes) -> list[Any]:
    """The four members of a COSE_Sign1."""
    return list(cbor2.loads(message).value)


def joined(members: list[Any], *, tag: int | None = 18) -> bytes:
    """A COSE_Sign1 of these."""
    return cbor2.dumps(cbor2.CBORTag(tag, members) if tag is not None else members)


def bent(signed: SignedMaterial, place: int, value: Any) -> str:
    """The house's message with one member exchanged."""
    members = parts(signed.qr_bytes())
    members[place] = value
    return signed.qr(joined(members))


def reheaded(signed: SignedMaterial, header: dict[int, Any]) -> str:
    """Another protected header over the same signature."""
    return bent(signed, 0, cbor2.dumps(header))


def resigned(signed: SignedMaterial, **changes: Any) -> str:
    """Claims that the house itself signed, though they are wrong."""
    return signed.qr(signed.qr_bytes(signed.qr_claims(**changes)))


def without(signed: SignedMaterial, name: int) -> str:
    """Claims without one of them."""
    return signed.qr(signed.qr_bytes({each: value for each, value in signed.qr_claims().items() if each != name}))


KID = 4
members(
    "algorithm",
    "The protected header names an algorithm that is none, or not the key's",
    {
        "none": lambda signed: reheaded(signed, {KID: key_id(signed.qr_key.public_spki)}),
        "zero": lambda signed: reheaded(signed, {1: 0, KID: key_id(signed.qr_key.public_spki)}),
        "hmac": lambda signed: reheaded(signed, {1: 5, KID: key_id(signed.qr_key.public_spki)}),
        "es384": lambda signed: reheaded(signed, {1: -35, KID: key_id(signed.qr_key.public_spki)}),
        "ps256": lambda signed: reheaded(signed, {1: -37, KID: key_id(signed.qr_key.public_spki)}),
        "eddsa": lambda signed: reheaded(signed, {1: -8, KID: key_id(signed.qr_key.public_spki)}),
        "text": lambda signed: reheaded(signed, {1: "ES256", KID: key_id(signed.qr_key.public_spki)}),
    },
)
members(
    "header",
    "The headers say more or less than ours do",
    {
        "empty": lambda signed: bent(signed, 0, b""),
        "without_key_id": lambda signed: reheaded(signed, {1: -7}),
        "with_an_empty_key_id": lambda signed: reheaded(signed, {1: -7, KID: b""}),
        "with_a_strangers_key_id": lambda signed: reheaded(signed, {1: -7, KID: key_id(signed.stranger.public_spki)}),
        "with_a_certificate": lambda signed: reheaded(
            signed, {1: -7, KID: key_id(signed.qr_key.public_spki), 33: b"x"}
        ),
        "with_critical": lambda signed: reheaded(signed, {1: -7, 2: [99], KID: key_id(signed.qr_key.public_spki)}),
        "with_unprotected_algorithm": lambda signed: bent(signed, 1, {1: -7}),
        "with_unprotected_key_id": lambda signed: bent(signed, 1, {KID: b"1234"}),
        "as_text": lambda signed: bent(signed, 0, "x"),
    },
)
members(
    "shape",
    "The message is no COSE_Sign1 of ours",
    {
        "untagged": lambda signed: signed.qr(joined(parts(signed.qr_bytes()), tag=None)),
        "tagged_as_mac": lambda signed: signed.qr(joined(parts(signed.qr_bytes()), tag=17)),
        "tagged_as_encrypted": lambda signed: signed.qr(joined(parts(signed.qr_bytes()), tag=16)),
        "tagged_twice": lambda signed: signed.qr(b"\xd8\x3d" + signed.qr_bytes()),
        "with_five_members": lambda signed: signed.qr(joined([*parts(signed.qr_bytes()), 1])),
        "with_three_members": lambda signed: signed.qr(joined(parts(signed.qr_bytes())[:3])),
        "with_a_tail": lambda signed: signed.qr(signed.qr_bytes() + b"\0"),
        "with_a_head": lambda signed: signed.qr(b"\0" + signed.qr_bytes()),
        "detached": lambda signed: bent(signed, 2, None),
        "of_endless_length": lambda signed: signed.qr(b"\xd2\x84\x5f" + signed.qr_bytes()[3:]),
        "of_a_huge_length": lambda signed: signed.qr(b"\xd2\x84\x5b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        "nested_deep": lambda signed: signed.qr(b"\xd2" + b"\x81" * 2000),
        "empty": lambda signed: signed.qr(b"\xd2\x84"),
    },
)
members(
    "signature",
    "The signature does not hold",
    {
        "zero": lambda signed: bent(signed, 3, bytes(64)),
        "of_a_stranger": lambda signed: bent(signed, 3, parts(signed.qr_bytes(key=signed.stranger))[3]),
        "of_other_claims": lambda signed: bent(signed, 3, parts(signed.qr_bytes(signed.qr_claims(c4=1)))[3]),
        "cut": lambda signed: bent(signed, 3, parts(signed.qr_bytes())[3][:63]),
        "longer": lambda signed: bent(signed, 3, parts(signed.qr_bytes())[3] + b"\0"),
        "in_der": lambda signed: bent(signed, 3, signed.qr_key.sign(b"x")),
    },
)
members(
    "bit_flipped",
    "One bit of the message is changed",
    {
        f"at_{percent}_percent": (
            lambda signed, percent=percent: signed.qr(flip(signed.qr_bytes(), len(signed.qr_bytes()) * percent // 100))
        )
        for percent in (0, 2, 5, 20, 50, 70, 90, 99)
    },
)
members(
    "cut_off",
    "The code ends early",
    {
        f"at_{percent}_percent": (
            lambda signed, percent=percent: signed.qr(signed.qr_bytes()[: len(signed.qr_bytes()) * percent // 100])
        )
        for percent in (1, 10, 50, 75, 99)
    },
)
members(
    "claims",
    "The house signed claims that no licence at hand has",
    {
        "of_another_licence": lambda signed: resigned(signed, c2="1.2.156.3005.2.other"),
        "without_licence": lambda signed: without(signed, 2),
        "with_a_number_as_licence": lambda signed: resigned(signed, c2=7),
        "run_out": lambda signed: resigned(signed, c4=seconds((NOW - 9 * DAY).date())),
        "not_begun": lambda signed: resigned(signed, c5=seconds((NOW + 9 * DAY).date())),
    },
)
members(
    "address",
    "The address leads elsewhere or hides where it leads",
    {
        "of_another_path": lambda signed: f"{HOST}/PAY/{HANDLE}",
        "with_user_name": lambda signed: f"https://zhengzhao.example.cn@evil.example/v/{HANDLE}",
        "with_password": lambda signed: f"https://a:b@evil.example/v/{HANDLE}",
        "of_a_script": lambda signed: f"javascript://x/v/{HANDLE}",
        "of_data": lambda signed: "data:text/html,<h1>valid</h1>",
        "of_a_file": lambda signed: f"file:///v/{HANDLE}",
        "climbing_out": lambda signed: f"{HOST}/V/../../etc/passwd",
        "without_code": lambda signed: f"{HOST}/V/",
        "with_a_broken_port": lambda signed: f"https://x:99999/v/{HANDLE}",
        "with_a_broken_host": lambda signed: f"https://[bad/v/{HANDLE}",
        "with_a_broken_fragment": lambda signed: f"{HOST}/V/{HANDLE}#abc!",
        "with_zero_byte": lambda signed: f"{HOST}/V/{HANDLE}\0",
        "longer_than_any_code": lambda signed: HOST + "/V/" + "A" * 5000,
        "of_nothing": lambda signed: " ",
        "of_one_digit_in_the_fragment": lambda signed: f"{HOST}/V/{HANDLE}#A",
    },
)


@code
def key_of_a_stranger_fail(signed: SignedMaterial) -> str:
    """A stranger signed, under a key id of its own."""
    return signed.qr(signed.qr_bytes(key=generate_key("ES256")))


@code
def wrong_key_id_fail(signed: SignedMaterial) -> str:
    """A stranger signed under the key id of the house."""
    members = parts(signed.qr_bytes(key=signed.stranger))
    members[0] = parts(signed.qr_bytes())[0]
    return signed.qr(joined(members))


@code
def key_of_credentials_fail(signed: SignedMaterial) -> str:
    """The house's key for credentials signed a QR code."""
    return signed.qr(signed.qr_bytes(key=signed.credential_key))


@code
def sm2_key_of_a_stranger_fail(signed: SignedMaterial) -> str:
    """A stranger's SM2 key signed."""
    return signed.qr(signed.qr_bytes(key=generate_key("SM2-SM3")))


@code
def base32_padded_fail(signed: SignedMaterial) -> str:
    """The message is written with padding, which two readers may read differently."""
    return f"{HOST}/V/{HANDLE}#{base64.b32encode(signed.qr_bytes()).decode()}="


@code
def payload_changed_fail(signed: SignedMaterial) -> str:
    """A claim is changed in the payload."""
    return bent(signed, 2, cbor2.dumps(signed.qr_claims(c4=at(NOW + 9999 * DAY))))


@code
def payload_that_is_a_list_fail(signed: SignedMaterial) -> str:
    """The payload is no map."""
    return bent(signed, 2, cbor2.dumps([1, 2, 3]))
