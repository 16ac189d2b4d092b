"""What an application says of itself: its metadata (SAML Metadata 2.0 §2.4.4). Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from idp.saml.wire.bindings import POST, REDIRECT, SOAP_BINDING
from idp.saml.wire.encryption import DATA, OAEP, OAEP_MGF1P
from idp.saml.wire.markup import (
    SAMLP,
    Node,
    UnreadableMessage,
    attribute,
    child,
    children,
    flag,
    is_called,
    parse,
    text_of,
)
from idp.saml.wire.markup import XML as XML_NAMESPACE
from idp.saml.wire.signatures import read_certificate
from kernel.crypto.certificates import Certificate
from kernel.errors import InvalidInput

MOST_BYTES = 1024 * 1024
MOST_ENDPOINTS = 64
LONGEST_ENTITY_ID = 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LOGOUT = {REDIRECT, POST, SOAP_BINDING}


@dataclass(frozen=True)
class Endpoint:
    """An address of the application. `answers_at`: where answers go, when that differs."""

    binding: str
    location: str
    index: int = 0
    is_default: bool = False
    answers_at: str = ""

    @property
    def response_location(self) -> str:
        """Where answers to requests of the application go."""
        return self.answers_at or self.location


@dataclass(frozen=True)
class ApplicationMetadata:
    """An application in its own words."""

    entity_id: str
    names: Mapping[str, str]
    consumers: tuple[Endpoint, ...]
    logouts: tuple[Endpoint, ...]
    signing: tuple[Certificate, ...]
    encryption: tuple[Certificate, ...]
    algorithms: tuple[str, ...]
    """Encryption methods it lists; empty where it lists none."""
    name_id_formats: tuple[str, ...]
    signs_requests: bool
    wants_signed_assertions: bool

    @property
    def data_algorithms(self) -> list[str]:
        """Block encryptions that it names and we know, the best first."""
        return [each for each in DATA if each in self.algorithms]

    @property
    def transport(self) -> str:
        """How keys are wrapped for it."""
        return OAEP if OAEP in self.algorithms and OAEP_MGF1P not in self.algorithms else OAEP_MGF1P

    def consumer(self, index: int | None, address: str | None) -> Endpoint | None:
        """The assertion consumer that a request names, or the default one (Core §3.4.1, Metadata §2.4.4.1)."""
        if address is not None:
            return next((each for each in self.consumers if each.location == address), None)
        if index is not None:
            return next((each for each in self.consumers if each.index == index), None)
        return next((each for each in self.consumers if each.is_default), self.consumers[0])

    def logout(self, *bindings: str) -> Endpoint | None:
        """Where to send logout messages, by the first of these bindings that it has."""
        found = (each for binding in bindings for each in self.logouts if each.binding == binding)
        return next(found, None)


def read_metadata(document: bytes) -> ApplicationMetadata:
    """Read an `EntityDescriptor` of a service provider. Raises `InvalidInput` saying what is wrong."""
    try:
        root = parse(document, allow_comments=True, most_bytes=MOST_BYTES)
    except UnreadableMessage as failure:
        raise _wrong(failure.reason or "it cannot be read") from failure
    if is_called(root, "md:EntitiesDescriptor"):
        raise _wrong("it describes several applications; give one EntityDescriptor")
    if not is_called(root, "md:EntityDescriptor"):
        raise _wrong("there is no EntityDescriptor")
    try:
        return _read(root)
    except UnreadableMessage as failure:
        raise _wrong(failure.reason or "it cannot be read") from failure


def _read(root: Node) -> ApplicationMetadata:
    entity_id = attribute(root, "entityID", LONGEST_ENTITY_ID).strip()
    if not entity_id:
        raise _wrong("there is no entityID")
    roles = [
        each
        for each in children(root, "md:SPSSODescriptor")
        if SAMLP in attribute(each, "protocolSupportEnumeration").split()
    ]
    if len(roles) != 1:
        raise _wrong("there is not exactly one SPSSODescriptor for SAML 2.0")
    role = roles[0]
    consumers = tuple(each for each in _endpoints(role, "md:AssertionConsumerService") if each.binding == POST)
    if not consumers:
        raise _wrong("there is no AssertionConsumerService with the HTTP-POST binding")
    return ApplicationMetadata(
        entity_id=entity_id,
        names=_names(root, role),
        consumers=consumers,
        logouts=tuple(each for each in _endpoints(role, "md:SingleLogoutService") if each.binding in _LOGOUT),
        signing=tuple(_certificates(role, "signing")),
        encryption=tuple(_certificates(role, "encryption")),
        algorithms=tuple(_algorithms(role)),
        name_id_formats=tuple(text_of(each) for each in children(role, "md:NameIDFormat")),
        signs_requests=flag(role, "AuthnRequestsSigned"),
        wants_signed_assertions=flag(role, "WantAssertionsSigned"),
    )


def _endpoints(role: Node, name: str) -> Iterator[Endpoint]:
    found = list(children(role, name))
    if len(found) > MOST_ENDPOINTS:
        raise _wrong("there are too many addresses")
    for node in found:
        location, answers_at = attribute(node, "Location", 2000), attribute(node, "ResponseLocation", 2000)
        for address in filter(None, (location, answers_at)):
            check_address(address)
        if not location:
            raise _wrong("an address is missing")
        index = attribute(node, "index")
        if index and not (index.isascii() and index.isdigit() and len(index) <= 5):
            raise _wrong("an index is not a small number")
        yield Endpoint(attribute(node, "Binding"), location, int(index or 0), flag(node, "isDefault"), answers_at)


def check_address(address: str) -> None:
    """Raises `InvalidInput` unless this is an https address, or one of this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as failure:
        raise _wrong("an address cannot be read") from failure
    strange = any(not "!" <= each <= "~" for each in address) or "\\" in address or parts.username is not None
    if strange or parts.scheme not in {"https", "http"} or not host or parts.fragment:
        raise _wrong("an address is not a web address")
    if parts.scheme == "http" and host not in LOOPBACK and not host.endswith(".localhost"):
        raise _wrong("an address does not use https")


def _certificates(role: Node, use: str) -> Iterator[Certificate]:
    for descriptor in children(role, "md:KeyDescriptor"):
        if attribute(descriptor, "use") not in {"", use}:
            continue
        info = child(descriptor, "ds:KeyInfo")
        for data in children(info, "ds:X509Data") if info is not None else ():
            for node in children(data, "ds:X509Certificate"):
                certificate = read_certificate(node)
                certificate.public_key()  # raises for one that we could not use
                yield certificate


def _algorithms(role: Node) -> Iterator[str]:
    for descriptor in children(role, "md:KeyDescriptor"):
        if attribute(descriptor, "use") in {"", "encryption"}:
            for method in children(descriptor, "md:EncryptionMethod"):
                yield attribute(method, "Algorithm")


def _names(root: Node, role: Node) -> dict[str, str]:
    """Names for people, by language: those for login pages first, then the organisation's."""
    found: dict[str, str] = {}
    extensions = child(role, "md:Extensions")
    info = child(extensions, "mdui:UIInfo")
    organisation = child(root, "md:Organization")
    nodes = list(children(info, "mdui:DisplayName")) if info is not None else []
    nodes += list(children(organisation, "md:OrganizationDisplayName")) if organisation is not None else []
    for node in nodes:
        language = str(node.get(f"{{{XML_NAMESPACE}}}lang") or "").lower()
        if text_of(node):
            found.setdefault(language, text_of(node)[:128])
    return found


def _wrong(reason: str) -> InvalidInput:
    return InvalidInput("This is not metadata of an application: {problem}.", problem=reason)
