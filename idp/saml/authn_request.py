"""`AuthnRequest` (SAML Core §3.4.1): what an application asks. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.saml.applications.application import SamlApplication
from idp.saml.wire.bindings import POST
from idp.saml.wire.markup import (
    Node,
    UnreadableMessage,
    attribute,
    child,
    children,
    flag,
    is_called,
    read_instant,
    text_of,
)

SKEW = timedelta(minutes=3)
LIFE = timedelta(minutes=10)
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}")
COMPARISONS = frozenset({"exact", "minimum", "maximum", "better"})


@dataclass(frozen=True)
class AuthnRequest:
    """A request, checked. `id` is empty where nobody asked (sign-in from here). `consumer`: where the answer goes;
    `name_id_format`: what it would have, empty when it does not say; `contexts`: context classes, any of them."""

    id: str
    application_id: str
    consumer: str
    relay_state: str | None = None
    force: bool = False
    passive: bool = False
    name_id_format: str = ""
    qualifier: str = ""
    comparison: str = "exact"
    contexts: tuple[str, ...] = ()
    received_at: datetime | None = None


def message_id(root: Node) -> str:
    """The message's ID. Raises `UnreadableMessage`."""
    identity = attribute(root, "ID", 256)
    if not _ID.fullmatch(identity):
        raise UnreadableMessage("the ID is none")
    return identity


def issuer_of(root: Node) -> str:
    """Who says it sent the message. Raises `UnreadableMessage`."""
    return text_of(child(root, "saml:Issuer"))


def check_envelope(root: Node, destination: str, now: datetime, *, is_signed: bool) -> None:
    """Version, time, and that it is meant for us (Core §3.2.1; a signed message must say so, Bindings §3.4.5.2).

    Raises `UnreadableMessage`.
    """
    if attribute(root, "Version") != "2.0":
        raise UnreadableMessage("not version 2.0")
    message_id(root)
    issued = read_instant(attribute(root, "IssueInstant"))
    if not now - LIFE <= issued <= now + SKEW:
        raise UnreadableMessage("too old, or from the future")
    named = attribute(root, "Destination", 2000)
    if named != destination and (named or is_signed):
        raise UnreadableMessage("meant for somebody else")
    expires = attribute(root, "NotOnOrAfter")
    if expires and read_instant(expires) + SKEW <= now:
        raise UnreadableMessage("too old, or from the future")


def read_authn_request(root: Node, application: SamlApplication, relay_state: str | None) -> AuthnRequest:
    """What it asks. The answer goes to an address in the application's metadata or nowhere.

    Raises `UnreadableMessage`.
    """
    if not is_called(root, "samlp:AuthnRequest"):
        raise UnreadableMessage("not an AuthnRequest")
    if child(root, "saml:Subject") is not None or child(root, "saml:Conditions") is not None:
        raise UnreadableMessage("a Subject or Conditions, which are not supported")
    policy, context = child(root, "samlp:NameIDPolicy"), child(root, "samlp:RequestedAuthnContext")
    comparison = (attribute(context, "Comparison") if context is not None else "") or "exact"
    classes = list(children(context, "saml:AuthnContextClassRef")) if context is not None else []
    if comparison not in COMPARISONS or len(classes) > 16:
        raise UnreadableMessage("an unusual RequestedAuthnContext")
    return AuthnRequest(
        id=message_id(root),
        application_id=application.id,
        consumer=_consumer(root, application),
        relay_state=relay_state,
        force=flag(root, "ForceAuthn"),
        passive=flag(root, "IsPassive"),
        name_id_format=attribute(policy, "Format") if policy is not None else "",
        qualifier=attribute(policy, "SPNameQualifier") if policy is not None else "",
        comparison=comparison,
        contexts=tuple(text_of(each) for each in classes),
    )


def _consumer(root: Node, application: SamlApplication) -> str:
    address, index = attribute(root, "AssertionConsumerServiceURL", 2000), _index(root)
    binding = attribute(root, "ProtocolBinding")
    if index is not None and (address or binding):
        raise UnreadableMessage("an address to answer to and an index of one")
    if binding not in {"", POST}:
        raise UnreadableMessage("an unknown binding to answer by")
    found = application.metadata.consumer(index, address or None)
    if found is None:
        raise UnreadableMessage("an address to answer to that its metadata does not name")
    return found.location


def _index(root: Node) -> int | None:
    text = attribute(root, "AssertionConsumerServiceIndex", 5)
    if text and not (text.isascii() and text.isdigit()):
        raise UnreadableMessage("an index that is no number")
    return int(text) if text else None
