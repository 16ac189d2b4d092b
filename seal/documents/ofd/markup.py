"""XML of OFD files: parsed without entities or network, elements found by local name.

Makers mix the namespaces `http://www.ofdspec.org/2016` and `http://www.ofdspec.org`, and the order of elements; readers
that insist on either fail on most real files.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from seal.documents.ofd.archive import UnreadablePackage

NAMESPACE = "http://www.ofdspec.org/2016"

Node = Any
"""An lxml element."""


_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ENCODINGS = frozenset({b"utf-8", b"utf8", b"utf-16", b"gbk", b"gb2312", b"gb18030", b"us-ascii", b"iso-8859-1"})

LARGEST_XML = 8 << 20
"""Bytes. Elements cost far more in memory than in the file, and a small archive can hold very many."""


def parse(data: bytes, name: str) -> Node:
    """The root element of the file `name`; raises `UnreadablePackage`."""
    if len(data) > LARGEST_XML:
        raise UnreadablePackage("The file {entry} is not readable XML.", entry=name)
    declared = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].lower() not in _ENCODINGS:
        raise UnreadablePackage("The file {entry} is written in an unknown character set.", entry=name)
    try:
        root = _parse(data)
    except (etree.XMLSyntaxError, ValueError) as failure:
        root = _parse_mislabelled(data)
        if root is None:
            raise UnreadablePackage("The file {entry} is not readable XML.", entry=name) from failure
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadablePackage("The file {entry} has a DOCTYPE.", entry=name)
    return root


def _parse(data: bytes, encoding: str | None = None) -> Node:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=False,
        encoding=encoding,
    )  # fmt: skip
    return etree.fromstring(data, parser)


def _parse_mislabelled(data: bytes) -> Node | None:
    """Makers on Chinese Windows mix up GBK and UTF-8: what the declaration says may be neither."""
    for encoding in ("utf-8", "gb18030"):
        try:
            data.decode(encoding)
            return _parse(data, encoding)
        except (etree.XMLSyntaxError, ValueError, LookupError):
            continue
    return None


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
