"""Addresses of key stores, as an operator writes them in XINYIN_KEYS.

file:FOLDER
pkcs11:token=NAME?module-path=FILE&pin-source=file:FILE
https://HOST:PORT?bearer-file=FILE
SM2-SM3,Ed25519=file:FOLDER ES256,RS256=pkcs11:…      each algorithm at its place
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from kernel.crypto.custody.pkcs11.address import Pkcs11Address, read_pkcs11_address
from kernel.crypto.custody.remote.address import SCHEMES, RemoteAddress, read_remote_address
from kernel.crypto.signatures import SigningAlgorithm
from kernel.errors import ConfigurationError

ALGORITHMS: tuple[SigningAlgorithm, ...] = get_args(SigningAlgorithm)
_PLACED = re.compile(r"[A-Za-z0-9,-]*=")


@dataclass(frozen=True)
class FileAddress:
    """`file:FOLDER`: encrypted files."""

    directory: Path


StoreAddress = FileAddress | Pkcs11Address | RemoteAddress


@dataclass(frozen=True)
class PlacedAddress:
    """Where keys of each algorithm are. Every algorithm has a place."""

    places: Mapping[SigningAlgorithm, StoreAddress]


def parse_address(address: str) -> StoreAddress | PlacedAddress:
    """Read an address, and files it names; raises ConfigurationError naming what is wrong with it."""
    return _parse_places(address) if _PLACED.match(address) else _parse_store(address)


def file_folders(address: StoreAddress | PlacedAddress) -> list[Path]:
    """The folders with encrypted keys: what a backup takes, and what needs the master key."""
    stores = address.places.values() if isinstance(address, PlacedAddress) else [address]
    return sorted({store.directory for store in stores if isinstance(store, FileAddress)})


def weaknesses(address: StoreAddress | PlacedAddress) -> list[str]:
    """What in it is good for trying out alone."""
    stores = address.places.values() if isinstance(address, PlacedAddress) else [address]
    if any(isinstance(store, Pkcs11Address) and store.pin_is_inline for store in stores):
        return ["holds a PIN (pin-value); put it in a file and name that with pin-source"]
    return []


def _parse_store(address: str) -> StoreAddress:
    scheme, colon, rest = address.partition(":")
    if colon and rest:
        if scheme == "file":
            return FileAddress(Path(rest))
        if scheme == "pkcs11":
            return read_pkcs11_address(address)
        if scheme in SCHEMES:
            return read_remote_address(address)
    raise ConfigurationError("{address} is not the address of a key store.", address=scheme)


def _parse_places(address: str) -> PlacedAddress:
    places: dict[SigningAlgorithm, StoreAddress] = {}
    read: dict[str, StoreAddress] = {}
    for part in address.split():
        names, _, store = part.partition("=")
        if store not in read:
            read[store] = _parse_store(store)
        for name in names.split(","):
            algorithm = next((each for each in ALGORITHMS if each == name), None)
            if algorithm is None:
                known = ", ".join(ALGORITHMS)
                raise ConfigurationError(
                    "{name} is not a signing algorithm; there are {known}.", name=name, known=known
                )
            if algorithm in places:
                raise ConfigurationError("{name} keys are given two places.", name=name)
            places[algorithm] = read[store]
    missing = [name for name in ALGORITHMS if name not in places]
    if missing:
        raise ConfigurationError("{name} keys are given no place.", name=", ".join(missing))
    _check_sm2(places["SM2-SM3"])
    return PlacedAddress(places)


def _check_sm2(store: StoreAddress) -> None:
    if isinstance(store, Pkcs11Address) and store.sm2 is None:
        raise ConfigurationError(
            "SM2-SM3 keys are placed on a token whose mechanism for them is not named: give x-sm2-sign, "
            "or place them elsewhere."
        )
