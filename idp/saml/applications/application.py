"""A registered application, and what an operator may say about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from idp.saml.applications.metadata import ApplicationMetadata
from idp.saml.wire.encryption import AES256_GCM, SAFE, Recipient
from kernel.errors import FieldError, InvalidInput

PREFIX = "saml:"
"""Before an application's id where clients of every protocol are named together."""


class NameId(StrEnum):
    """What an application knows people by where its request does not say."""

    PERSISTENT = "persistent"
    TRANSIENT = "transient"
    EMAIL = "email"
    USERNAME = "username"


@dataclass(frozen=True)
class Attribute:
    """Something we can tell: its names on the wire, and the scope that it belongs to (empty: harmless)."""

    friendly: str
    oid: str
    scope: str


ATTRIBUTES: Mapping[str, Attribute] = {
    "name": Attribute("displayName", "urn:oid:2.16.840.1.113730.3.1.241", "profile"),
    "preferred_username": Attribute("uid", "urn:oid:0.9.2342.19200300.100.1.1", "profile"),
    "email": Attribute("mail", "urn:oid:0.9.2342.19200300.100.1.3", "email"),
    "phone_number": Attribute("telephoneNumber", "urn:oid:2.5.4.20", "phone"),
    "organisation_name": Attribute("o", "urn:oid:2.5.4.10", "organisation"),
    "organisation": Attribute("organizationIdentifier", "urn:oid:2.5.4.97", "organisation"),
    "real_name": Attribute("cn", "urn:oid:2.5.4.3", "realname"),
    "id_number": Attribute("idNumber", "urn:xinyin:attribute:id-number", "realname"),
    "roles": Attribute("roles", "urn:xinyin:attribute:roles", ""),
    "acr": Attribute("acr", "urn:xinyin:attribute:acr", ""),
    "amr": Attribute("amr", "urn:xinyin:attribute:amr", ""),
    "subject_type": Attribute("subjectType", "urn:xinyin:attribute:subject-type", ""),
}


@dataclass(frozen=True)
class SamlSettings:
    """What an operator says. `attributes`: what it is told, each under the name it would have (empty: the usual OID).

    `must_sign`: requests without a signature are refused (None: when its metadata has a key for that).
    `encrypts`: assertions are encrypted for it (None: when its metadata has a key for that). `allows_cbc`: also by the
    old way, which nothing protects from changes. `first_party`: people are not asked. `from_here`: people may go there
    from here, without a request of the application.
    """

    attributes: Mapping[str, str] = field(default_factory=lambda: {"name": ""})
    name_id: str = NameId.PERSISTENT
    must_sign: bool | None = None
    encrypts: bool | None = None
    allows_cbc: bool = False
    first_party: bool = False
    may_realname: bool = False
    from_here: bool = False
    wants_logout: bool = True


@dataclass(frozen=True)
class SamlApplication:
    """An application as the endpoints see it."""

    id: str
    name: str
    metadata: ApplicationMetadata
    settings: SamlSettings

    @property
    def client_id(self) -> str:
        """How consent, notices and the audit trail call it."""
        return PREFIX + self.id

    @property
    def may_realname(self) -> bool:
        """Whether it may learn real names and ID numbers of those who consent."""
        return self.settings.may_realname

    @property
    def must_sign(self) -> bool:
        """Whether its requests need a signature."""
        usual = self.metadata.signs_requests or bool(self.metadata.signing)
        return usual if self.settings.must_sign is None else self.settings.must_sign

    @property
    def allowed_scopes(self) -> frozenset[str]:
        """The scopes behind what it is told."""
        scopes = {ATTRIBUTES[name].scope for name in self.settings.attributes} - {""}
        if self.settings.name_id == NameId.EMAIL:
            scopes.add("email")
        return frozenset(scopes if self.may_realname else scopes - {"realname"})

    @property
    def recipient(self) -> Recipient | None:
        """Whom to encrypt for; None where nothing is encrypted."""
        found = self.metadata.encryption
        if not (bool(found) if self.settings.encrypts is None else self.settings.encrypts):
            return None
        return Recipient(found[0], self._data_algorithm() or AES256_GCM, self.metadata.transport)

    def _data_algorithm(self) -> str | None:
        """The best way both sides have; None when it names no way that may be used."""
        named = self.metadata.data_algorithms
        if not named and not self.metadata.algorithms:
            return AES256_GCM
        return next((each for each in named if each in SAFE or self.settings.allows_cbc), None)

    def check(self) -> None:
        """Raises `InvalidInput` for settings that cannot be."""
        errors: list[FieldError] = []
        if not self.name or len(self.name) > 128:
            errors.append(FieldError("name", "Give the application a name."))
        unknown = sorted(set(self.settings.attributes) - set(ATTRIBUTES))
        if unknown:
            errors.append(FieldError("attributes", "There is no attribute {names}.", {"names": ", ".join(unknown)}))
        if self.settings.name_id not in list(NameId):
            message = "Applications know people as persistent, transient, email or username."
            errors.append(FieldError("name_id", message))
        if self.settings.must_sign and not self.metadata.signing:
            errors.append(FieldError("must_sign", "Its metadata has no key to check signatures with."))
        if self.settings.encrypts and not self.metadata.encryption:
            errors.append(FieldError("encrypts", "Its metadata has no key to encrypt for."))
        elif self.recipient is not None and self._data_algorithm() is None:
            message = "Its metadata names no encryption that is safe. Update the application, or allow CBC for it."
            errors.append(FieldError("encrypts", message))
        elif self.recipient is not None and self.recipient.certificate.public_key().algorithm != "RS256":
            errors.append(FieldError("encrypts", "Only an RSA key can be encrypted to."))
        if not unknown and {"real_name", "id_number"} & set(self.settings.attributes) and not self.may_realname:
            message = "Real names and ID numbers go only to applications that may learn them."
            errors.append(FieldError("attributes", message))
        if errors:
            raise InvalidInput("The application cannot be registered like this.", fields=errors)
