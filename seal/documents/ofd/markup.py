"""XML of OFD files: parsed without entities or network, elements found by local name.

Makers mix the namespaces `http://www.ofdspec.org/2016` and `http://www.ofdspec.org`, and the order of elements; readers
that insist on either fail on most real files.
"""

from collections.abc import Iterator
from typing import Any

from lxml import etree

from seal.documents.ofd.archive import UnreadablePackage

NAMESPACE = "http://www.ofdspec.org/2016"

Node = Any
"""An lxml element."""


LARGEST_XML = 8 << 20
"""Bytes. Elements cost far more in memory than in the file, and a small archive can hold very many."""


def parse(data: bytes, name: str) -> Node:
    """The root element of the file `name`; raises `UnreadablePackage`."""
    if len(data) > LARGEST_XML:
        raise UnreadablePackage("The file {entry} is not readable XML.", entry=name)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as failure:
        raise UnreadablePackage("The file {entry} is not readable XML.", entry=name) from failure
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadablePackage("The file {entry} has a DOCTYPE.", entry=name)
    return root


def children(node: Node, name: str) -> Iterator[Node]:
    """The child elements whose local name is `name`."""
    return (child for child in node if isinstance(child.tag, str) and local_name(child) == name)


def child(node: Node, name: str) -> Node | None:
    """The first child element whose local name is `name`."""
    return next(children(node, name), None)


def text(node: Node | None, name: str) -> str | None:
    """The trimmed text of the child `name`; `None` when there is none or it is empty."""
    found = child(node, name) if node is not None else None
    value = (found.text or "").strip() if found is not None else ""
    return value or None


def local_name(node: Node) -> str:
    """The element's name without its namespace."""
    return str(etree.QName(node).localname)


def namespace(node: Node) -> str:
    """The element's namespace, OFD's own when it has none."""
    return etree.QName(node).namespace or NAMESPACE


def element(
    name: str, *content: Node, text: str | None = None, namespace: str = NAMESPACE, **attributes: object
) -> Node:
    """A new element in OFD's namespace; attributes that are `None` are left out."""
    node = etree.Element(etree.QName(namespace, name), nsmap={"ofd": namespace})
    for key, value in attributes.items():
        if value is not None:
            node.set(key, str(value))
    node.text = text
    node.extend(content)
    return node


def serialise(root: Node) -> bytes:
    """The file as bytes, UTF-8 with a declaration."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="UTF-8", xml_declaration=False)
