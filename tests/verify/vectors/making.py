"""Makes `qr.json`: codes, keys and status lists with the verdict that every verifier must reach. Run it to renew them.

The keys are thrown away afterwards; the moments are fixed, so the verdicts stay.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2

from kernel.crypto.cose import key_id, sign_cose
from kernel.crypto.jose import sign_jws
from kernel.crypto.private_keys import PrivateKey, generate_key
from licence_vault.status.encoding import StatusArray
from verify.trust_list.document import QrKey

FILE = Path(__file__).with_name("qr.json")
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
ISSUED = NOW - timedelta(days=30)
ISSUER, OTHER = "https://licences.example", "https://elsewhere.example"
URI = f"{ISSUER}/api/v1/status/1"
GOOD, REVOKED, SUSPENDED, SUPERSEDED = 7, 8, 9, 10
HANDLE = "K5LUSQ2ZMFRGGZDFMZTWQ2LKNM"
N = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "SM2-SM3": 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123,
}
Claims = dict[int, object]


@dataclass
class Maker:
    """The issuer's keys, a stranger's, and the cases so far."""

    es256: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    sm2: PrivateKey = field(default_factory=lambda: generate_key("SM2-SM3"))
    status: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    stranger: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    cases: list[dict[str, Any]] = field(default_factory=list)

    def pack(self, lists: Sequence[str] | None = None, qr_keys: Sequence[QrKey] | None = None) -> dict[str, Any]:
        """A trust pack as `/api/v1/trust-pack` gives it, with what judging needs."""
        keys = qr_keys if qr_keys is not None else [entry(self.es256), entry(self.sm2)]
        trust = {
            "issued_at": NOW.isoformat(),
            "qr_keys": [each.to_json() for each in keys],
            "status_keys": [entry(self.status).to_json(), entry(self.stranger, OTHER).to_json()],
        }
        return {"trust_list": trust, "status_lists": list(lists if lists is not None else [self.list_of()])}

    def list_of(
        self, key: PrivateKey | None = None, *, at: datetime = NOW, typ: str = "statuslist+jwt", **changes: Any
    ) -> str:
        """A status list with a place for each state."""
        places = {REVOKED: 1, SUSPENDED: 2, SUPERSEDED: 3}
        claims: dict[str, Any] = {
            "sub": URI,
            "iat": int(at.timestamp()),
            "exp": int(at.timestamp()) + 86_400,
            "ttl": 60,
            "status_list": {"bits": 2, "lst": StatusArray.of(1024, places).lst},
        }
        return sign_jws(json.dumps(claims | changes).encode(), key or self.status, {"typ": typ})

    def add(self, name: str, text: str, expect: str, *, pack: Mapping[str, Any] | None = None) -> None:
        """One case; its pack is the common one unless given."""
        self.cases.append({"name": name, "text": text, "expect": expect} | ({"pack": pack} if pack else {}))


def entry(key: PrivateKey, issuer: str = ISSUER) -> QrKey:
    return QrKey(key_id(key.public_spki).hex(), key.algorithm, key.public_spki, issuer)


def claims(index: int = GOOD, **changes: object) -> Claims:
    """The claims of a licence with its place; `changes` by names like `c4`."""
    base: Claims = {
        1: "示例市市场监督管理局",
        2: "1.2.156.3005.2.11100000MB0143028R001.11430000006122244L.20250000000000000001.001.6",
        4: int((NOW + timedelta(days=365)).timestamp()),
        5: int(ISSUED.timestamp()),
        6: int(ISSUED.timestamp()),
        -70001: "营业执照",
        -70002: "**************244L",
        -70003: "*******公司",
        -70004: bytes(32),
        -70005: [1, index],
    }
    for name, value in changes.items():
        base[int(name[1:])] = value
    return base


def text_of(message: bytes, address: str = f"{ISSUER.upper()}/V/{HANDLE}") -> str:
    return f"{address}#{base64.b32encode(message).decode().rstrip('=')}"


def rebuilt(message: bytes, change: Callable[[list[Any]], None]) -> bytes:
    """The message with its four parts changed, otherwise encoded as it was."""
    parts = list(cbor2.loads(message).value)
    change(parts)
    return b"\xd2\x84" + b"".join(cbor2.dumps(each, canonical=True) for each in parts)


def add_standings(make: Maker) -> None:
    """What holds, and every way in which a licence that was genuine is good no more."""
    for key in (make.es256, make.sm2):
        kind = "es256" if key is make.es256 else "sm2"
        make.add(f"{kind}_valid", text_of(sign_cose(claims(), key)), "valid")
        make.add(f"{kind}_revoked", text_of(sign_cose(claims(REVOKED), key)), "revoked")
        make.add(f"{kind}_suspended", text_of(sign_cose(claims(SUSPENDED), key)), "suspended")
        make.add(f"{kind}_superseded", text_of(sign_cose(claims(SUPERSEDED), key)), "superseded")
        make.add(f"{kind}_claims_alone", text_of(sign_cose(claims(), key), f"{ISSUER.upper()}/V"), "valid")
    good = sign_cose(claims(), make.es256)
    make.add("lower_case_text", text_of(good).lower(), "valid")
    over = {"c4": int((NOW - timedelta(days=1)).timestamp())}
    make.add("expired", text_of(sign_cose(claims(**over), make.es256)), "expired")
    make.add(
        "last_day", text_of(sign_cose(claims(c4=int((NOW - timedelta(hours=3)).timestamp())), make.es256)), "valid"
    )
    make.add("expired_and_revoked", text_of(sign_cose(claims(REVOKED, **over), make.es256)), "revoked")
    later = int((NOW + timedelta(days=2)).timestamp())
    make.add("not_yet_valid", text_of(sign_cose(claims(c5=later), make.es256)), "early")
    endless = claims()
    del endless[4]
    make.add("without_end", text_of(sign_cose(endless, make.es256)), "valid")


def add_lists(make: Maker) -> None:
    """What the lists at hand are worth."""
    good, bad = text_of(sign_cose(claims(), make.es256)), text_of(sign_cose(claims(REVOKED), make.es256))
    old = make.list_of(at=NOW - timedelta(days=3))
    make.add("no_list", good, "holds", pack=make.pack([]))
    make.add("stale_list", good, "stale", pack=make.pack([old]))
    make.add("stale_list_with_bad_news", bad, "revoked", pack=make.pack([old]))
    make.add("newest_list_counts", good, "valid", pack=make.pack([old, make.list_of()]))
    make.add("list_of_the_future", good, "stale", pack=make.pack([make.list_of(at=NOW + timedelta(hours=1))]))
    make.add("list_older_than_licence", good, "holds", pack=make.pack([make.list_of(at=ISSUED - timedelta(days=1))]))
    other = make.list_of(sub=f"{ISSUER}/api/v1/status/2")
    make.add("another_list", good, "holds", pack=make.pack([other]))
    make.add("list_signed_by_a_stranger", good, "holds", pack=make.pack([make.list_of(make.stranger)]))
    make.add("list_by_an_unknown_key", good, "holds", pack=make.pack([make.list_of(generate_key("ES256"))]))
    make.add("list_of_another_type", good, "holds", pack=make.pack([make.list_of(typ="jwt")]))
    head, body, signature = make.list_of().split(".")
    changed = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).replace(b'"ttl": 60', b'"ttl": 61')
    ).decode()
    make.add("changed_list", good, "holds", pack=make.pack([".".join((head, changed.rstrip("="), signature))]))
    make.add("list_cut_off", good, "holds", pack=make.pack([make.list_of()[:-9]]))
    make.add("list_that_is_none", good, "holds", pack=make.pack(["", "a.b.c", "."]))
    broken = make.list_of(status_list={"bits": 2, "lst": "AAAA"})
    make.add("list_that_does_not_inflate", good, "holds", pack=make.pack([broken]))
    make.add("list_without_times", good, "holds", pack=make.pack([make.list_of(exp="never")]))
    make.add("place_outside_the_list", text_of(sign_cose(claims(4096), make.es256)), "no_place")
    make.add("no_place_named", text_of(sign_cose(_without_place(), make.es256)), "holds")
    make.add("place_that_is_none", text_of(sign_cose(claims(**{"c-70005": [1, -1]}), make.es256)), "holds")


def _without_place() -> Claims:
    given = claims()
    del given[-70005]
    return given


def add_forgeries(make: Maker) -> None:
    """Codes that nobody may believe."""
    for key in (make.es256, make.sm2):
        kind = "es256" if key is make.es256 else "sm2"
        good = sign_cose(claims(), key)
        flipped = good[:-1] + bytes([good[-1] ^ 1])
        make.add(f"{kind}_flipped_signature_fail", text_of(flipped), "broken")
        make.add(f"{kind}_zero_signature_fail", text_of(good[:-64] + bytes(64)), "broken")
        order = N[key.algorithm].to_bytes(32, "big")
        make.add(f"{kind}_r_is_the_order_fail", text_of(good[:-64] + order + good[-32:]), "broken")
        make.add(f"{kind}_s_is_the_order_fail", text_of(good[:-32] + order), "broken")
        make.add(f"{kind}_halves_swapped_fail", text_of(good[:-64] + good[-32:] + good[-64:-32]), "broken")
        payload = rebuilt(good, lambda parts: parts.__setitem__(2, parts[2].replace(b"\x07", b"\x06")))
        make.add(f"{kind}_changed_payload_fail", text_of(payload), "broken")
        make.add(f"{kind}_cut_off_fail", text_of(good[:-1]), "broken")
        make.add(f"{kind}_followed_by_more_fail", text_of(good + b"\0"), "broken")
        make.add(f"{kind}_untagged_fail", text_of(good[1:]), "broken")
    good = sign_cose(claims(), make.es256)
    make.add("unknown_key", text_of(sign_cose(claims(), make.stranger)), "unknown")
    named = make.stranger
    posing = QrKey(key_id(named.public_spki).hex(), "ES256", make.es256.public_spki, ISSUER)
    make.add(
        "key_under_anothers_id_fail", text_of(sign_cose(claims(), named)), "broken", pack=make.pack(qr_keys=[posing])
    )
    twice = [posing, entry(named)]
    make.add("two_keys_of_one_id", text_of(sign_cose(claims(), named)), "valid", pack=make.pack(qr_keys=twice))
    two_owners = [QrKey(posing.kid, "ES256", posing.spki, OTHER), entry(named)]
    make.add("two_owners_of_one_id", text_of(sign_cose(claims(), named)), "holds", pack=make.pack(qr_keys=two_owners))
    swapped = good.replace(b"\xa2\x01\x26\x04", b"\xa2\x01\x27\x04")
    make.add("another_algorithm_fail", text_of(swapped), "broken")
    make.add(
        "unprotected_header_fail", text_of(rebuilt(good, lambda parts: parts.__setitem__(1, {4: b"abcd"}))), "broken"
    )
    loose = good.replace(b"\xa0\x58", b"\xa0\x59\0", 1)
    assert loose != good
    make.add("long_form_of_a_length_fail", text_of(loose), "broken")
    without = claims()
    del without[2]
    make.add("names_no_licence_fail", text_of(sign_cose(without, make.es256)), "broken")
    make.add("impossible_base32_fail", text_of(good) + "A" * ((1 - len(text_of(good).split("#")[1])) % 8), "broken")
    make.add("empty_message_fail", f"{ISSUER}/V/{HANDLE}#AA", "broken")


def add_texts(make: Maker) -> None:
    """Texts that bring no signed claims, or are no code at all."""
    make.add("address_alone", f"{ISSUER.upper()}/V/{HANDLE}", "none")
    make.add("code_on_a_phone", f"{ISSUER}/v/aB3_-xyz0123456789xyz", "none")
    make.add("bare_handle", HANDLE, "none")
    signed = text_of(sign_cose(claims(), make.es256)).split("#")[1]
    for name, text in {
        "nothing": "",
        "greeting": "你好",
        "another_address": f"{ISSUER}/pay/{HANDLE}#{signed}",
        "hidden_domain": f"https://licences.example@elsewhere.example/v/{HANDLE}#{signed}",
        "another_scheme": f"javascript://x/v/{HANDLE}#{signed}",
        "damaged_claims": f"{ISSUER}/v/{HANDLE}#{signed[:-1]}!",
        "no_code_and_no_claims": f"{ISSUER}/v/",
    }.items():
        make.add(name, text, "not_a_code")


def make() -> dict[str, Any]:
    """All of it, as it is written."""
    maker = Maker()
    for add in (add_standings, add_lists, add_forgeries, add_texts):
        add(maker)
    return {"at": NOW.isoformat(), "pack": maker.pack(), "cases": maker.cases}


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
