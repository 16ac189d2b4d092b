"""Addresses of key stores, as an operator writes them."""

from dataclasses import dataclass
from pathlib import Path

from kernel.errors import ConfigurationError


@dataclass(frozen=True)
class FileAddress:
    """`file:FOLDER`: encrypted files."""

    directory: Path


def parse_address(address: str) -> FileAddress:
    """Read an address; raises ConfigurationError naming what is wrong with it."""
    scheme, colon, rest = address.partition(":")
    if colon and scheme == "file" and rest:
        return FileAddress(Path(rest))
    raise ConfigurationError("{address} is not the address of a key store.", address=address)
