"""What a case of the negative corpus is, and the list of all of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from tests.verify.corpus.material import Material

Format = Literal["ofd", "pdf", "sd-jwt", "qr", "status", "proof"]
Maker = Callable[[Material], bytes]


@dataclass(frozen=True)
class Case:
    """One attack: `make` builds what the attacker would send from what the house really made."""

    format: Format
    name: str
    attack: str
    make: Maker


CASES: list[Case] = []


def case(format: Format) -> Callable[[Maker], Maker]:
    """List a maker whose name ends in `_fail`; the first line of its docstring says the attack."""

    def listed(make: Maker) -> Maker:
        add(format, make.__name__, (make.__doc__ or "").splitlines()[0], make)
        return make

    return listed


def family(format: Format, name: str, attack: str, members: Iterable[tuple[str, Maker]]) -> None:
    """List several of one kind, told apart by a word each."""
    for word, make in members:
        add(format, f"{name}_{word}_fail", f"{attack}: {word.replace('_', ' ')}.", make)


def add(format: Format, name: str, attack: str, make: Maker) -> None:
    """List one."""
    if not name.endswith("_fail") or not attack or any((each.format, each.name) == (format, name) for each in CASES):
        raise ValueError(f"{name} needs a name of its own ending in _fail, and a sentence")
    CASES.append(Case(format, name, attack, make))


def flip(data: bytes, at: int) -> bytes:
    """One bit changed."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def swap(data: bytes, old: bytes, new: bytes) -> bytes:
    """One replacement that must have something to replace."""
    if old not in data:
        raise ValueError(f"{old!r} is not there")
    return data.replace(old, new)
