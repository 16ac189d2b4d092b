"""XML read and made. Whatever could mean two things to two readers is refused rather than guessed at."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from kernel.errors import InvalidInput

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
MDUI = "urn:oasis:names:tc:SAML:metadata:ui"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
XML = "http://www.w3.org/XML/1998/namespace"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
NAMES = {"saml": SAML, "samlp": SAMLP, "md": MD, "mdui": MDUI, "ds": DS, "xenc": XENC, "xenc11": XENC11, "soap": SOAP}

MOST_BYTES = 256 * 1024
MOST_ELEMENTS = 5_000
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")

Node = Any
"""An lxml element."""


class UnreadableMessage(InvalidInput):
    """This is not a SAML message that can be relied on; `reason` says why, for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__("The application sent a message that cannot be accepted.", reason=reason)


def parse(data: bytes, *, allow_comments: bool = False, most_bytes: int = MOST_BYTES) -> Node:
    """The root element. UTF-8 alone; no DOCTYPE, hence no entities; no network.

    Comments and processing instructions split text in two, of which some readers see one half: refused in messages,
    left out where `allow_comments` says so (metadata, that an operator looked at). Raises `UnreadableMessage`.
    """
    if len(data) > most_bytes:
        raise UnreadableMessage("too large")
    data = data.removeprefix(b"\xef\xbb\xbf")
    declared = _ENCODING.match(data)
    if declared and declared[1].lower() not in {b"utf-8", b"us-ascii"}:
        raise UnreadableMessage("not UTF-8")
    if b"\0" in data or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise UnreadableMessage("a DOCTYPE")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=allow_comments, remove_pis=allow_comments,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as failure:
        raise UnreadableMessage("not well-formed") from failure
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableMessage("a DOCTYPE")
    tree = list(root.getroottree().getroot().iter())
    if len(tree) > MOST_ELEMENTS:
        raise UnreadableMessage("too many elements")
    around = [root.getprevious(), root.getnext()]
    if any(not isinstance(each.tag, str) for each in tree) or any(each is not None for each in around):
        raise UnreadableMessage("a comment, a processing instruction or an entity")
    return root


def element(name: str, *content: Node, text: str | None = None, **attributes: str | None) -> Node:
    """A new element; `name` is a prefix of `NAMES` and a local name. Attributes that are None are left out."""
    prefix, _, local = name.partition(":")
    node = etree.Element(etree.QName(NAMES[prefix], local), nsmap={prefix: NAMES[prefix]})
    for key, value in attributes.items():
        if value is not None:
            node.set(key, clean(value))
    if text is not None:
        node.text = clean(text)
    node.extend(content)
    return node


def clean(text: str) -> str:
    """The text without characters that XML 1.0 cannot hold."""
    return _UNFIT.sub("", text)


def is_called(node: Node, name: str) -> bool:
    """Whether the element is this one, namespace included."""
    prefix, _, local = name.partition(":")
    return bool(node.tag == f"{{{NAMES[prefix]}}}{local}")


def children(node: Node, name: str) -> Iterator[Node]:
    """The child elements of this name."""
    prefix, _, local = name.partition(":")
    return iter(node.iterchildren(f"{{{NAMES[prefix]}}}{local}"))


def child(node: Node | None, name: str) -> Node | None:
    """The one child element of this name. Raises `UnreadableMessage` when there are several."""
    found = list(children(node, name)) if node is not None else []
    if len(found) > 1:
        raise UnreadableMessage(f"more than one {name}")
    return found[0] if found else None


def text_of(node: Node | None) -> str:
    """The element's text without surrounding white space; it must hold no elements. Empty for None."""
    if node is None:
        return ""
    if len(node):
        raise UnreadableMessage("elements where text should be")
    return (node.text or "").strip()


def attribute(node: Node, name: str, most: int = 1024) -> str:
    """The attribute's value, empty when there is none. Raises `UnreadableMessage` when it is too long."""
    value = str(node.get(name) or "")
    if len(value) > most:
        raise UnreadableMessage(f"{name} is too long")
    return value


def flag(node: Node, name: str) -> bool:
    """An `xs:boolean` attribute, False when there is none."""
    return attribute(node, name).strip() in {"true", "1"}


def instant(moment: datetime) -> str:
    """As SAML writes a moment (Core §1.3.3)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_instant(text: str) -> datetime:
    """A moment, UTC. Raises `UnreadableMessage`."""
    if not _INSTANT.fullmatch(text):
        raise UnreadableMessage("a moment that is not UTC")
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as failure:
        raise UnreadableMessage("a moment that is none") from failure


def serialise(node: Node, *, declared: bool = False) -> bytes:
    """The element as UTF-8; canonical enough to be read by anybody, with no white space added."""
    return bytes(etree.tostring(node, encoding="UTF-8", xml_declaration=declared))


def with_language(node: Node, language: str) -> Node:
    """The same element with `xml:lang`."""
    node.set(f"{{{XML}}}lang", language)
    return node


def attributes_of(node: Node) -> Mapping[str, str]:
    """The element's attributes."""
    return {str(key): str(value) for key, value in node.attrib.items()}
