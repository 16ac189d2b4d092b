"""The schemas of OASIS and W3C, as pysaml2 brings them."""

from importlib import resources

import xmlschema
from lxml import etree

_NAMESPACES = {
    "urn:oasis:names:tc:SAML:2.0:assertion": "saml-schema-assertion-2.0.xsd",
    "urn:oasis:names:tc:SAML:2.0:metadata": "saml-schema-metadata-2.0.xsd",
    "urn:oasis:names:tc:SAML:metadata:ui": "sstc-saml-metadata-ui-v1.0.xsd",
    "http://www.w3.org/2000/09/xmldsig#": "xmldsig-core-schema.xsd",
    "http://www.w3.org/2001/04/xmlenc#": "xenc-schema.xsd",
    "http://www.w3.org/2009/xmlenc11#": "xenc-schema-11.xsd",
    "http://www.w3.org/XML/1998/namespace": "xml.xsd",
}
_BUILT: list[xmlschema.XMLSchema] = []


def check_schema(message: bytes) -> etree._Element:
    """The message's root, once the message is valid by the schemas."""
    if not _BUILT:
        folder = resources.files("saml2") / "data" / "schemas"
        locations = {name: str(folder / file) for name, file in _NAMESPACES.items()}
        main = str(folder / "saml-schema-protocol-2.0.xsd")
        _BUILT.append(xmlschema.XMLSchema(main, locations=locations, validation="lax", allow="local"))
        for name in ("urn:oasis:names:tc:SAML:2.0:metadata", "urn:oasis:names:tc:SAML:metadata:ui"):
            _BUILT[0].add_schema(locations[name], namespace=name, build=True)
    _BUILT[0].validate(message.decode())
    return etree.fromstring(message)
