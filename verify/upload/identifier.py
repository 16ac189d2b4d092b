"""What a file's metadata says, such as which licence it is. Only a hint, unless a seal over the whole file holds.

Blocking: call through `asyncio.to_thread`. A file that cannot be read names no licence; saying so is the
validator's work.
"""

import re
from collections.abc import Iterator

from lxml import etree

from kernel.errors import InvalidInput
from kernel.ids.licence_identifier import LicenceIdentifier
from licence_vault.issuing.drafting import STATUS_NAME
from seal.documents.ofd import markup
from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import find_body
from seal.documents.ofd.package import ROOT_FILE, OfdPackage

IDENTIFIER_NAME = "ZZBS"  # GB/T 36903, 证照标识
PDF_STATUS_NAMES = frozenset({"relation"})
PDF_NAMES = frozenset({IDENTIFIER_NAME, "identifier"})
_LARGEST_PACKET = 1 << 20
_MOST_PACKETS = 16
_IN_TEXT = re.compile(r"1\.2\.156\.3005\.2(?:\.[0-9A-Z]{1,64}){5}")


def read_identifier(data: bytes) -> str | None:
    """The licence identifier (canonical) that the metadata of this OFD or PDF names, or None."""
    for written in _values(data, IDENTIFIER_NAME, PDF_NAMES):
        found = _IN_TEXT.search(written)
        try:
            return str(LicenceIdentifier.parse(found.group() if found else written))
        except InvalidInput:
            continue
    return None


def read_status_place(data: bytes) -> str | None:
    """Where the licence's status stands, as this OFD or PDF writes it; None when it says nothing, or several things."""
    values = {value.strip() for value in _values(data, STATUS_NAME, PDF_STATUS_NAMES)} - {""}
    return values.pop() if len(values) == 1 else None


def _values(data: bytes, ofd_name: str, pdf_names: frozenset[str]) -> Iterator[str]:
    if data.startswith(b"PK"):
        yield from _read_ofd(data, ofd_name)
    elif b"%PDF-" in data[:1024]:
        yield from _read_pdf(data, pdf_names)


def _read_ofd(data: bytes, name: str) -> Iterator[str]:
    """`ofd:CustomData Name="…"` in OFD.xml (GB/T 33190 §7.4)."""
    try:
        package = OfdPackage.read(data)
        body = find_body(package.parse(package.locate(ROOT_FILE)))
    except UnreadablePackage:
        return
    info = markup.child(body, "DocInfo")
    listed = markup.child(info, "CustomDatas") if info is not None else None
    for entry in markup.children(listed, "CustomData") if listed is not None else ():
        if entry.get("Name") == name:
            yield (entry.text or "").strip()


def _read_pdf(data: bytes, names: frozenset[str]) -> Iterator[str]:
    """A property of these names in an XMP packet, as element or as attribute.

    Packets are found by scanning, as ISO 16684-1 §7.3 intends: PDF/A leaves them uncompressed, and nothing is inflated
    for a stranger.
    """
    for packet in _packets(data):
        yield from _named(packet, names)


def _packets(data: bytes) -> Iterator[bytes]:
    """What stands between the marks of the first packets; searches are bounded, so a crafted file costs little."""
    position = 0
    for _packet in range(_MOST_PACKETS):
        begin = data.find(b"<?xpacket begin=", position)
        start = data.find(b"?>", begin, begin + 200) if begin >= 0 else -1
        if start < 0:
            return
        end = data.find(b"<?xpacket end=", start, start + _LARGEST_PACKET)
        if end < 0:
            return
        yield data[start + 2 : end]
        position = end


def _named(packet: bytes, names: frozenset[str]) -> Iterator[str]:
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(packet.strip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return
    for node in root.iter(etree.Element):
        if markup.local_name(node) in names:
            yield "".join(str(text) for text in node.itertext())
        yield from (str(value) for name, value in node.attrib.items() if etree.QName(name).localname in names)
