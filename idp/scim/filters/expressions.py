"""The tree of a filter. `str()` of each part is a filter that reads back as the same tree."""

from dataclasses import dataclass
from typing import Literal

import orjson

Scalar = str | int | float | bool | None
Operator = Literal["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le"]
OPERATORS: tuple[Operator, ...] = ("eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le")


@dataclass(frozen=True)
class AttributePath:
    """`urn:…:User:name.givenName`: the schema (may be empty), the attribute, its part (may be empty)."""

    name: str
    part: str = ""
    schema: str = ""

    def __str__(self) -> str:
        prefix = f"{self.schema}:" if self.schema else ""
        return prefix + self.name + (f".{self.part}" if self.part else "")


@dataclass(frozen=True)
class Present:
    """`attribute pr`."""

    path: AttributePath

    def __str__(self) -> str:
        return f"{self.path} pr"


@dataclass(frozen=True)
class Comparison:
    """`attribute op value`."""

    path: AttributePath
    operator: Operator
    value: Scalar

    def __str__(self) -> str:
        return f"{self.path} {self.operator} {orjson.dumps(self.value).decode()}"


@dataclass(frozen=True)
class Not:
    """`not (…)`."""

    inner: "Filter"

    def __str__(self) -> str:
        return f"not ({self.inner})"


@dataclass(frozen=True)
class Both:
    """`… and …`."""

    left: "Filter"
    right: "Filter"

    def __str__(self) -> str:
        return f"({self.left}) and ({self.right})"


@dataclass(frozen=True)
class Either:
    """`… or …`."""

    left: "Filter"
    right: "Filter"

    def __str__(self) -> str:
        return f"({self.left}) or ({self.right})"


@dataclass(frozen=True)
class Elements:
    """`attribute[…]`: some element of a multi-valued attribute fits as a whole."""

    path: AttributePath
    inner: "Filter"

    def __str__(self) -> str:
        return f"{self.path}[{self.inner}]"


Filter = Present | Comparison | Not | Both | Either | Elements


@dataclass(frozen=True)
class TargetPath:
    """The path of a PATCH operation: an attribute, perhaps some of its elements, perhaps one part of each."""

    path: AttributePath
    selection: Filter | None = None
    part: str = ""

    def __str__(self) -> str:
        if self.selection is None:
            return str(self.path)
        return f"{self.path}[{self.selection}]" + (f".{self.part}" if self.part else "")
