"""Answers: `Response` and `Assertion` (SAML Core §2.3.3, §3.3.3, Profiles §4.1.4.2). May block: use a thread."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from idp.saml.applications.application import ATTRIBUTES, SamlApplication
from idp.saml.authn_request import AuthnRequest
from idp.saml.names import Name, Values
from idp.saml.own_metadata import entity_id
from idp.saml.wire.encryption import encrypt
from idp.saml.wire.markup import XS, XSI, Node, clean, element, instant, serialise
from idp.saml.wire.signatures import SamlKey, sign

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
URI_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
BASIC_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
LIFE = timedelta(minutes=5)
EARLY = timedelta(minutes=2)
"""Clocks differ: an assertion counts from a little before it was made."""


@dataclass(frozen=True)
class Said:
    """What an assertion says: who, in which session, how they signed in, and until when that may be built on."""

    name: Name
    session_index: str
    attributes: Values
    context: str
    auth_time: datetime
    session_ends: datetime | None = None


@dataclass(frozen=True)
class Signer:
    """Who we are."""

    issuer: str
    key: SamlKey


def new_id() -> str:
    """An ID that nobody guesses; an XML name does not begin with a digit (Core §1.3.4)."""
    return f"_{secrets.token_hex(20)}"


def respond(request: AuthnRequest, application: SamlApplication, said: Said, signer: Signer, now: datetime) -> bytes:
    """A `Response` with one assertion: signed both, the assertion encrypted where the application wants it so."""
    assertion = sign(_assertion(request, application, said, signer, now), signer.key)
    recipient = application.recipient
    content = assertion if recipient is None else encrypt(assertion, recipient)
    status = element("samlp:Status", element("samlp:StatusCode", Value=STATUS + "Success"))
    return serialise(sign(_response(request, signer, now, status, content), signer.key))


def refuse(request: AuthnRequest, signer: Signer, now: datetime, who: str, why: str) -> bytes:
    """A `Response` that says no. `who`: Requester or Responder; `why`: a second-level status (Core §3.2.2.2)."""
    code = element("samlp:StatusCode", element("samlp:StatusCode", Value=STATUS + why), Value=STATUS + who)
    return serialise(sign(_response(request, signer, now, element("samlp:Status", code)), signer.key))


def _response(request: AuthnRequest, signer: Signer, now: datetime, *content: Node) -> Node:
    return element(
        "samlp:Response",
        element("saml:Issuer", text=entity_id(signer.issuer)),
        *content,
        ID=new_id(),
        Version="2.0",
        IssueInstant=instant(now),
        Destination=request.consumer,
        InResponseTo=request.id or None,
    )


def name_element(name: Name, application: SamlApplication, issuer: str) -> Node:
    """`saml:NameID`; persistent and transient names say between whom they hold (Core §8.3.7)."""
    is_ours = name.format.startswith("urn:oasis:names:tc:SAML:2.0:")
    return element(
        "saml:NameID",
        text=name.value,
        Format=name.format,
        NameQualifier=entity_id(issuer) if is_ours else None,
        SPNameQualifier=application.metadata.entity_id if is_ours else None,
    )


def _assertion(request: AuthnRequest, application: SamlApplication, said: Said, signer: Signer, now: datetime) -> Node:
    confirmation = element(
        "saml:SubjectConfirmationData",
        NotOnOrAfter=instant(now + LIFE),
        Recipient=request.consumer,
        InResponseTo=request.id or None,
    )
    audience = element("saml:Audience", text=application.metadata.entity_id)
    statement = element(
        "saml:AuthnStatement",
        element("saml:AuthnContext", element("saml:AuthnContextClassRef", text=said.context)),
        AuthnInstant=instant(said.auth_time),
        SessionIndex=said.session_index,
        SessionNotOnOrAfter=instant(said.session_ends) if said.session_ends else None,
    )
    return element(
        "saml:Assertion",
        element("saml:Issuer", text=entity_id(signer.issuer)),
        element(
            "saml:Subject",
            name_element(said.name, application, signer.issuer),
            element("saml:SubjectConfirmation", confirmation, Method=BEARER),
        ),
        element(
            "saml:Conditions",
            element("saml:AudienceRestriction", audience),
            NotBefore=instant(now - EARLY),
            NotOnOrAfter=instant(now + LIFE),
        ),
        statement,
        *_attribute_statement(application, said.attributes),
        ID=new_id(),
        Version="2.0",
        IssueInstant=instant(now),
    )


def _attribute_statement(application: SamlApplication, attributes: Values) -> list[Node]:
    if not attributes:
        return []
    nodes = []
    for name, values in attributes.items():
        known, wanted = ATTRIBUTES[name], application.settings.attributes[name]
        is_uri = ":" in (wanted or known.oid)
        nodes.append(
            element(
                "saml:Attribute",
                *(_value(each) for each in values),
                Name=wanted or known.oid,
                NameFormat=URI_FORMAT if is_uri else BASIC_FORMAT,
                FriendlyName=known.friendly,
            )
        )
    return [element("saml:AttributeStatement", *nodes)]


def _value(text: str) -> Node:
    """The value, typed as a string for readers that insist."""
    saml = "urn:oasis:names:tc:SAML:2.0:assertion"
    node = etree.Element(etree.QName(saml, "AttributeValue"), nsmap={"saml": saml, "xs": XS, "xsi": XSI})
    node.set(f"{{{XSI}}}type", "xs:string")
    node.text = clean(text)
    return node
