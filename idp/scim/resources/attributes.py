"""Attributes and schemas as data (RFC 7643 §2.2, §7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
SCHEMA_URN = "urn:ietf:params:scim:schemas:core:2.0:Schema"


@dataclass(frozen=True)
class Attribute:
    """One attribute with its characteristics, named as in RFC 7643 §2.2."""

    name: str
    description: str
    type: str = "string"
    many: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    returned: str = "default"
    uniqueness: str = "none"
    parts: tuple["Attribute", ...] = ()
    canonical: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def part(self, name: str) -> "Attribute | None":
        """A part by its name, in whatever case."""
        return named(self.parts, name)

    def to_json(self) -> Document:
        """As `/Schemas` shows it (RFC 7643 §7)."""
        document: Document = {
            "name": self.name,
            "type": self.type,
            "multiValued": self.many,
            "description": self.description,
            "required": self.required,
            "mutability": self.mutability,
            "returned": self.returned,
        }
        if self.type not in {"complex", "boolean"}:
            document |= {"caseExact": self.case_exact, "uniqueness": self.uniqueness}
        if self.canonical:
            document["canonicalValues"] = list(self.canonical)
        if self.references:
            document["referenceTypes"] = list(self.references)
        if self.parts:
            document["subAttributes"] = [each.to_json() for each in self.parts]
        return document


@dataclass(frozen=True)
class Schema:
    """One schema."""

    urn: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]

    def attribute(self, name: str) -> Attribute | None:
        """An attribute by its name, in whatever case."""
        return named(self.attributes, name)

    def to_json(self, base: str) -> Document:
        """As `/Schemas` shows it; `base` is the address of the service."""
        return {
            "schemas": [SCHEMA_URN],
            "id": self.urn,
            "name": self.name,
            "description": self.description,
            "attributes": [each.to_json() for each in self.attributes],
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{self.urn}"},
        }


@dataclass(frozen=True)
class ResourceType:
    """A kind of resource: its schema, its extensions, and what every resource has (RFC 7643 §3.1)."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()

    def extension(self, urn: str) -> Schema | None:
        """An extension by its URN, in whatever case."""
        return next((each for each in self.extensions if each.urn.lower() == urn.lower()), None)

    def attribute(self, name: str) -> Attribute | None:
        """An attribute of the resource itself, common ones too."""
        return self.schema.attribute(name) or named(COMMON, name)

    def to_json(self, base: str) -> Document:
        """As `/ResourceTypes` shows it (RFC 7643 §6)."""
        document: Document = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.name,
            "name": self.name,
            "description": self.description,
            "endpoint": self.endpoint,
            "schema": self.schema.urn,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{self.name}"},
        }
        if self.extensions:
            document["schemaExtensions"] = [{"schema": each.urn, "required": False} for each in self.extensions]
        return document


def named(attributes: Iterable[Attribute], name: str) -> Attribute | None:
    """The one of this name, in whatever case (RFC 7643 §2.1)."""
    return next((each for each in attributes if each.name.lower() == name.lower()), None)


def _meta(name: str, description: str, kind: str = "string") -> Attribute:
    return Attribute(name, description, kind, case_exact=True, mutability="readOnly")


COMMON = (
    Attribute("schemas", "The schemas of the resource", "reference", many=True, required=True, returned="always"),
    Attribute("id", "Our number of it", case_exact=True, mutability="readOnly", returned="always", uniqueness="server"),
    Attribute("externalId", "The client's number of it", case_exact=True),
    Attribute(
        "meta",
        "About the resource",
        "complex",
        mutability="readOnly",
        parts=(
            _meta("resourceType", "User or Group"),
            _meta("created", "When it came", "dateTime"),
            _meta("lastModified", "When it last changed", "dateTime"),
            _meta("location", "Its address", "reference"),
            _meta("version", "Its entity tag"),
        ),
    ),
)
