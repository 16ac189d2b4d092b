"""Reading an SD-JWT: taking it apart and putting the shown claims back (RFC 9901 §4, §7.1). Nothing is verified here
but the digests: the issuer's signature is `crypto.jose`'s to check, on `SdJwt.jwt`, before `unpack` is believed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.crypto.jose import InvalidToken
from kernel.crypto.sd_jwt.disclosures import (
    USUAL_HASH,
    Disclosure,
    disclosure_digest,
    read_disclosure,
)

MAX_BYTES = 1_048_576
MOST_DISCLOSURES = 500
_DEEPEST = 32
_DIGESTS, _ELEMENT, _ALGORITHM = "_sd", "...", "_sd_alg"


@dataclass(frozen=True)
class SdJwt:
    """The parts of the compact form; `key_binding` is the KB-JWT, if the holder added one."""

    jwt: str
    disclosures: tuple[str, ...] = field(repr=False, default=())
    key_binding: str | None = None

    @classmethod
    def parse(cls, text: str) -> "SdJwt":
        """From `<JWT>~<disclosure>~…~[<KB-JWT>]`. Raises InvalidToken."""
        if len(text) > MAX_BYTES:
            raise InvalidToken("too large")
        jwt, *disclosures, last = text.split("~") if "~" in text else (text, "")
        if jwt.count(".") != 2 or (last and last.count(".") != 2) or "~" not in text:
            raise InvalidToken("not an SD-JWT")
        if not all(disclosures):
            raise InvalidToken("disclosure: empty")
        if len(disclosures) > MOST_DISCLOSURES:
            raise InvalidToken("too many disclosures")
        return cls(jwt, tuple(disclosures), last or None)

    @property
    def shown(self) -> str:
        """The text that a key binding is over: everything up to and with the last tilde (§4.3.1)."""
        return "~".join((self.jwt, *self.disclosures, ""))

    def with_disclosures(self, disclosures: Collection[str]) -> "SdJwt":
        """The same with these disclosures alone and no key binding."""
        return SdJwt(self.jwt, tuple(disclosures))


def unpack(payload: Mapping[str, Any], disclosures: Collection[str], *, open_claims: Collection[str]) -> dict[str, Any]:
    """The payload with what was shown in its place (§7.1 step 3). `open_claims` may not be disclosures at the top.

    Raises InvalidToken for a disclosure that no digest points to, a digest that stands twice, a name that is there
    already or not allowed, and an unknown hash.
    """
    algorithm = payload.get(_ALGORITHM, USUAL_HASH)
    if not isinstance(algorithm, str):
        raise InvalidToken("hash is not allowed")
    unpacking = _Unpacking(disclosures, algorithm, frozenset(open_claims))
    unpacked = unpacking.members({name: value for name, value in payload.items() if name != _ALGORITHM}, 0)
    unpacking.check_all_used()
    return unpacked


class _Unpacking:
    """One walk through a payload; remembers the digests it met."""

    def __init__(self, disclosures: Collection[str], algorithm: str, open_claims: frozenset[str]) -> None:
        self._open_claims = open_claims
        self._unused: dict[str, Disclosure] = {}
        self._met: set[str] = set()
        for text in disclosures:
            digest = disclosure_digest(text, algorithm)
            if digest in self._unused:
                raise InvalidToken("disclosure: sent twice")
            self._unused[digest] = read_disclosure(text)

    def members(self, written: Mapping[str, Any], depth: int) -> dict[str, Any]:
        if _ELEMENT in written or (depth and _ALGORITHM in written):
            raise InvalidToken("a reserved name is out of place")
        result = {name: self.value(value, depth) for name, value in written.items() if name != _DIGESTS}
        for digest in self._digests(written.get(_DIGESTS, [])):
            disclosure = self._take(digest)
            if disclosure is None:
                continue
            name = disclosure.name
            if name is None:
                raise InvalidToken("disclosure: a member without a name")
            if name in (_DIGESTS, _ELEMENT, _ALGORITHM) or name in written or name in result:
                raise InvalidToken("disclosure: the name is taken or not allowed")
            if depth == 0 and name in self._open_claims:
                raise InvalidToken("disclosure: this claim may not be hidden")
            result[name] = self.value(disclosure.value, depth)
        return result

    def value(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise InvalidToken("nested too deep")
        if isinstance(value, dict):
            return self.members(value, depth + 1)
        return list(self._elements(value, depth)) if isinstance(value, list) else value

    def _elements(self, elements: list[Any], depth: int) -> list[Any]:
        kept = []
        for element in elements:
            if not isinstance(element, dict) or _ELEMENT not in element:
                kept.append(self.value(element, depth + 1))
                continue
            if len(element) != 1:
                raise InvalidToken("a reserved name is out of place")
            (digest,) = self._digests([element[_ELEMENT]])
            disclosure = self._take(digest)
            if disclosure is None:
                continue
            if disclosure.name is not None:
                raise InvalidToken("disclosure: an element with a name")
            kept.append(self.value(disclosure.value, depth + 1))
        return kept

    def check_all_used(self) -> None:
        if self._unused:
            raise InvalidToken("disclosure: nothing points to it")

    def _digests(self, listed: object) -> list[str]:
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise InvalidToken("digests are not texts")
        return listed

    def _take(self, digest: str) -> Disclosure | None:
        if digest in self._met:
            raise InvalidToken("a digest stands twice")
        self._met.add(digest)
        return self._unused.pop(digest, None)
