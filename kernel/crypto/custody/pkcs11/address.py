"""PKCS#11 addresses (RFC 7512): which token, through which module, opened by which PIN.

`x-` attributes are ours, as RFC 7512 §2.3 leaves room for; docs/key-custody.md lists them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from kernel.errors import ConfigurationError

_PATH_ATTRIBUTES = ("token", "manufacturer", "model", "serial", "slot-id")
_QUERY_ATTRIBUTES = (
    "module-path",
    "pin-source",
    "pin-value",
    "x-sessions",
    "x-reload-seconds",
    "x-patience-seconds",
    "x-sm2-sign",
    "x-sm2-input",
    "x-sm2-key-pair-gen",
    "x-sm2-key-type",
)


@dataclass(frozen=True)
class Sm2Mechanisms:
    """The vendor's numbers for SM2, which PKCS#11 itself has none for.

    `signs_digest`: the mechanism takes e = SM3(ZA || M), 32 bytes; otherwise the data, with the default signer ID.
    """

    sign: int
    generate: int
    key_type: int
    signs_digest: bool


@dataclass(frozen=True)
class Pkcs11Address:
    """`pkcs11:token=…?module-path=…&pin-source=…`, read."""

    module_path: str
    match: Mapping[str, str]
    pin: bytes = field(repr=False)
    pin_is_inline: bool = False
    sessions: int = 8
    reload_seconds: float = 5.0
    patience_seconds: float = 5.0
    sm2: Sm2Mechanisms | None = None


def read_pkcs11_address(address: str) -> Pkcs11Address:
    """Read an address, and the PIN from where it says; raises ConfigurationError naming the attribute."""
    path, _, query = address.removeprefix("pkcs11:").partition("?")
    match = _attributes(path, ";", _PATH_ATTRIBUTES)
    options = _attributes(query, "&", _QUERY_ATTRIBUTES)
    if not match:
        raise _wrong("token", "name the token")
    if "module-path" not in options:
        raise _wrong("module-path", "name the module's file")
    return Pkcs11Address(
        module_path=options["module-path"],
        match=match,
        pin=_pin(options),
        pin_is_inline="pin-value" in options,
        sessions=_number(options, "x-sessions", _usual_sessions(options["module-path"]), most=256),
        reload_seconds=_number(options, "x-reload-seconds", 5, most=3600),
        patience_seconds=_number(options, "x-patience-seconds", 5, most=3600),
        sm2=_sm2(options),
    )


def _usual_sessions(module_path: str) -> int:
    """p11-kit's client (0.24) leaves calls hanging when its server dies under several at once."""
    return 1 if Path(module_path).name.startswith("p11-kit-client") else 8


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name not in known or not equals:
            raise _wrong(name, "not known here")
        if name in found:
            raise _wrong(name, "given twice")
        found[name] = unquote(value)
    return found


def _pin(options: Mapping[str, str]) -> bytes:
    if "pin-value" in options and "pin-source" in options:
        raise _wrong("pin-value", "give it or pin-source, not both")
    pin = options.get("pin-value") or _from_source(options.get("pin-source", ""))
    if not pin:
        raise _wrong("pin-source", "there is no PIN; give pin-source=file:FILE or pin-source=env:NAME")
    return pin.encode()


def _from_source(source: str) -> str:
    kind, _, place = source.partition(":")
    if kind == "env":
        return os.environ.get(place, "")
    if kind == "file":
        try:
            return Path(place.removeprefix("//")).read_text("utf-8").strip()
        except OSError as error:
            raise _wrong("pin-source", f"{place}: {error.strerror}") from error
    if source:
        raise _wrong("pin-source", "begin it with file: or env:")
    return ""


def _sm2(options: Mapping[str, str]) -> Sm2Mechanisms | None:
    if "x-sm2-sign" not in options:
        for name in options:
            if name.startswith("x-sm2-"):
                raise _wrong(name, "means nothing without x-sm2-sign")
        return None
    takes = options.get("x-sm2-input", "digest")
    if takes not in ("digest", "data"):
        raise _wrong("x-sm2-input", "digest or data")
    return Sm2Mechanisms(
        sign=_number(options, "x-sm2-sign", 0),
        generate=_number(options, "x-sm2-key-pair-gen", 0x1040),
        key_type=_number(options, "x-sm2-key-type", 0x03),
        signs_digest=takes == "digest",
    )


def _number(options: Mapping[str, str], name: str, otherwise: int, *, most: int = 0xFFFFFFFF) -> int:
    text = options.get(name)
    if text is None:
        return otherwise
    try:
        number = int(text, 0)
    except ValueError:
        number = 0
    if not 0 < number <= most:
        raise _wrong(name, f"a whole number from 1 to {most}")
    return number


def _wrong(name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        "The PKCS#11 address is not usable: {attribute}: {problem}.", attribute=name, problem=reason
    )
