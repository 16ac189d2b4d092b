"""What a file may hold: kinds of entries, their fields, and what names an entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FORM = 1
"""The version of the form, `xinyin: 1` at the top of the file."""
Type = Literal["text", "texts", "flag", "number", "object", "secret", "group", "moment"]


@dataclass(frozen=True)
class SecretValue:
    """A secret by its SHA-256; `value` is there where it comes from a reference. Never written, never shown."""

    digest: bytes
    value: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return "kept elsewhere"


@dataclass(frozen=True)
class Field:
    """A field of an entry. `left`: when the file does not give it, what is there stays, instead of the usual value."""

    type: Type = "text"
    required: bool = False
    usual: Any = None
    fixed: bool = False
    left: bool = False


@dataclass(frozen=True)
class Kind:
    """One list of the file. `names`: the fields that together name an entry."""

    name: str
    names: tuple[str, ...]
    fields: Mapping[str, Field]

    def key(self, values: Mapping[str, Any]) -> str:
        """What names an entry, as people read it."""
        return ", ".join(_words(values.get(name)) for name in self.names if values.get(name) not in (None, (), []))

    def whole(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with what is usual for those left out."""
        return {
            name: values.get(name, each.usual) for name, each in self.fields.items() if name in values or not each.left
        }

    def brief(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values without those that are usual anyway."""
        return {
            name: values[name]
            for name, each in self.fields.items()
            if name in values and (each.required or values[name] != each.usual)
        }


@dataclass(frozen=True)
class Entry:
    """One entry. `line`: where it begins in the file, 0 for one of the house."""

    kind: Kind
    values: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0

    @property
    def key(self) -> str:
        """What names it."""
        return self.kind.key(self.values)


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " / ".join(str(each) for each in value)
    if isinstance(value, dict):
        return " in ".join(_words(each) for each in value.values() if each)
    return str(value)


_NAME = Field(required=True)
_PLACE = Field(required=True, fixed=True)

ORGANISATIONS = Kind(
    "organisations", ("uscc",), {"uscc": _PLACE, "name": _NAME, "kind": Field(required=True, fixed=True)}
)
UNITS = Kind(
    "units",
    ("path",),
    {
        "path": Field("texts", required=True, fixed=True),
        "kind": Field(required=True, fixed=True),
        "uscc": Field(fixed=True),
    },
)
GROUPS = Kind("groups", ("name", "unit"), {"name": _PLACE, "unit": Field("texts", fixed=True)})
ASSIGNMENTS = Kind(
    "assignments",
    ("role", "person", "group", "unit", "until"),
    {
        "role": _PLACE,
        "person": Field(fixed=True),
        "group": Field("group", fixed=True),
        "unit": Field("texts", fixed=True),
        "from": Field("moment", fixed=True, left=True),
        "until": Field("moment", fixed=True),
    },
)
CLIENTS = Kind(
    "clients",
    ("client_id",),
    {
        "client_id": _PLACE,
        "name": _NAME,
        "role": Field(usual="web"),
        "organisation": Field(),
        "redirect_uris": Field("texts", usual=[]),
        "post_logout_redirect_uris": Field("texts", usual=[]),
        "scopes": Field("texts", usual=["openid", "profile"]),
        "grant_types": Field("texts", usual=["authorization_code"]),
        "public": Field("flag", usual=False),
        "requires_pkce": Field("flag", usual=True),
        "first_party": Field("flag", usual=False),
        "may_realname": Field("flag", usual=False),
        "disabled": Field("flag", usual=False),
        "metadata": Field("object", usual={}),
        "secret": Field("secret", left=True),
    },
)
SITES = Kind(
    "sites",
    ("slug",),
    {
        "slug": _PLACE,
        "name": _NAME,
        "upstream_url": Field(required=True),
        "mode": Field(usual="form"),
        "entry_path": Field(usual="/"),
        "login_path": Field(),
        "logout_path": Field(),
        "user_header": Field(usual="X-Xinyin-User"),
        "name_header": Field(usual="X-Xinyin-Name"),
    },
)
LICENCE_TYPES = Kind(
    "licence_types",
    ("code", "version"),
    {
        "code": _PLACE,
        "version": Field("number", required=True, fixed=True),
        "document": Field("object", required=True, fixed=True),
    },
)

KINDS = (ORGANISATIONS, UNITS, GROUPS, CLIENTS, ASSIGNMENTS, SITES, LICENCE_TYPES)
"""In the order in which they are applied: what others refer to comes first."""
