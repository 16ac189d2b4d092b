"""Our own metadata (SAML Metadata 2.0 §2.4.3): what applications need to know of us."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

from idp.saml.keys import PublishedKey
from idp.saml.wire.bindings import POST, REDIRECT, SOAP_BINDING
from idp.saml.wire.markup import SAMLP, Node, element, instant, serialise, with_language
from idp.saml.wire.signatures import sign
from kernel.ids.time_ordered import new_id

VALID = timedelta(days=7)
CACHE = "PT6H"
NAMES = {"en": "Xinyin", "zh-CN": "信印"}
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
FORMATS = (PERSISTENT, TRANSIENT, EMAIL, UNSPECIFIED)


def entity_id(issuer: str) -> str:
    """What we are called: the address of our metadata."""
    return f"{issuer}/saml/metadata"


def document(issuer: str, keys: Sequence[PublishedKey], now: datetime) -> bytes:
    """The signed `EntityDescriptor`. Every published key is in it, so that none comes as a surprise. May block."""
    role = element(
        "md:IDPSSODescriptor",
        element("md:Extensions", _names()),
        *(_key(each) for each in keys),
        *(
            element("md:SingleLogoutService", Binding=each, Location=f"{issuer}/saml/{path}")
            for each, path in ((REDIRECT, "slo"), (POST, "slo"), (SOAP_BINDING, "slo/soap"))
        ),
        *(element("md:NameIDFormat", text=each) for each in FORMATS),
        *(element("md:SingleSignOnService", Binding=each, Location=f"{issuer}/saml/sso") for each in (REDIRECT, POST)),
        protocolSupportEnumeration=SAMLP,
        WantAuthnRequestsSigned="false",
    )
    root = element(
        "md:EntityDescriptor",
        role,
        _organisation(issuer),
        ID=f"_{new_id()}",
        entityID=entity_id(issuer),
        validUntil=instant(now + VALID),
        cacheDuration=CACHE,
    )
    return serialise(sign(root, keys[0]), declared=True)


def _names() -> Node:
    return element(
        "mdui:UIInfo",
        *(with_language(element("mdui:DisplayName", text=name), language) for language, name in NAMES.items()),
    )


def _organisation(issuer: str) -> Node:
    names = list(NAMES.items())
    return element(
        "md:Organization",
        *(with_language(element("md:OrganizationName", text=name), language) for language, name in names),
        *(with_language(element("md:OrganizationDisplayName", text=name), language) for language, name in names),
        *(with_language(element("md:OrganizationURL", text=issuer), language) for language, _name in names),
    )


def _key(key: PublishedKey) -> Node:
    certificate = element("ds:X509Certificate", text=base64.b64encode(key.certificate.der).decode())
    info = element("ds:KeyInfo", element("ds:X509Data", certificate))
    return element("md:KeyDescriptor", info, use="signing")
