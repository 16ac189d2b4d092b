"""`LogoutRequest` and `LogoutResponse` (SAML Core §3.7). Making them may block: use a thread."""

from dataclasses import dataclass
from datetime import datetime

from idp.saml.applications.application import SamlApplication
from idp.saml.assertion import STATUS, Signer, name_element
from idp.saml.authn_request import message_id
from idp.saml.names import Name
from idp.saml.own_metadata import entity_id
from idp.saml.wire.bindings import POST, REDIRECT, redirect_query
from idp.saml.wire.markup import (
    Node,
    UnreadableMessage,
    attribute,
    child,
    children,
    element,
    instant,
    is_called,
    serialise,
    text_of,
)
from idp.saml.wire.signatures import sign

MOST_INDEXES = 64


@dataclass(frozen=True)
class LogoutRequest:
    """What an application asks: to end the session of this name, in these of its own sessions (none: in all)."""

    id: str
    application_id: str
    name: str
    indexes: tuple[str, ...]
    relay_state: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """A message for the browser to bring: by Redirect the whole `address` holds it, by POST `message` is posted."""

    address: str
    kind: str
    message: bytes = b""
    relay_state: str | None = None


def read_request(root: Node, application: SamlApplication, relay_state: str | None) -> LogoutRequest:
    """What is asked. Raises `UnreadableMessage`."""
    name = child(root, "saml:NameID")
    if not is_called(root, "samlp:LogoutRequest") or name is None:
        raise UnreadableMessage("not a LogoutRequest with a NameID")
    indexes = tuple(text_of(each) for each in children(root, "samlp:SessionIndex"))
    if len(indexes) > MOST_INDEXES:
        raise UnreadableMessage("too many sessions")
    return LogoutRequest(message_id(root), application.id, text_of(name), indexes, relay_state)


def read_response(root: Node) -> tuple[str, bool]:
    """Which request a `LogoutResponse` answers, and whether it went well. Raises `UnreadableMessage`."""
    if not is_called(root, "samlp:LogoutResponse"):
        raise UnreadableMessage("not a LogoutResponse")
    code = child(child(root, "samlp:Status"), "samlp:StatusCode")
    fine = code is not None and attribute(code, "Value") == STATUS + "Success"
    return attribute(root, "InResponseTo", 256), fine


def request(
    name: Name, index: str, identity: str, place: tuple[SamlApplication, str], signer: Signer, now: datetime
) -> Node:
    """A request to an application to end its session; `place`: the application and the address it goes to."""
    application, address = place
    return element(
        "samlp:LogoutRequest",
        element("saml:Issuer", text=entity_id(signer.issuer)),
        name_element(name, application, signer.issuer),
        element("samlp:SessionIndex", text=index),
        ID=identity,
        Version="2.0",
        IssueInstant=instant(now),
        Destination=address,
    )


def response(
    in_response_to: str, identity: str, address: str | None, signer: Signer, now: datetime, *status: str
) -> Node:
    """An answer; `status`: the codes, the first one outermost."""
    code = None
    for value in reversed(status):
        code = element("samlp:StatusCode", *([code] if code is not None else []), Value=STATUS + value)
    return element(
        "samlp:LogoutResponse",
        element("saml:Issuer", text=entity_id(signer.issuer)),
        element("samlp:Status", code),
        ID=identity,
        Version="2.0",
        IssueInstant=instant(now),
        Destination=address,
        InResponseTo=in_response_to,
    )


def outgoing(kind: str, message: Node, binding: str, address: str, relay_state: str | None, signer: Signer) -> Outgoing:
    """The message as this binding carries it, signed."""
    if binding == REDIRECT:
        query = redirect_query(kind, serialise(message), relay_state, signer.key)
        return Outgoing(f"{address}{'&' if '?' in address else '?'}{query}", kind)
    assert binding == POST
    return Outgoing(address, kind, serialise(sign(message, signer.key)), relay_state)
