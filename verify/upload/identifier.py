"""Which licence a file says it is. Only a hint: in an OFD the place where it stands is not under the seal.

Blocking: call through `asyncio.to_thread`. A file that cannot be read names no licence; saying so is the
validator's work.
"""

import re
from collections.abc import Iterator

from lxml import etree

from kernel.errors import InvalidInput
from kernel.ids.licence_identifier import LicenceIdentifier
from seal.documents.ofd import markup
from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import find_body
from seal.documents.ofd.package import ROOT_FILE, OfdPackage

IDENTIFIER_NAME = "ZZBS"  # GB/T 36903, 证照标识
PDF_NAMES = frozenset({IDENTIFIER_NAME, "identifier"})
_LARGEST_PACKET = 1 << 20
_MOST_PACKETS = 16
_IN_TEXT = re.compile(r"1\.2\.156\.3005\.2(?:\.[0-9A-Z]{1,64}){5}")


def read_identifier(data: bytes) -> str | None:
    """The licence identifier (canonical) that the metadata of this OFD or PDF names, or None."""
    written = _read_ofd(data) if data.startswith(b"PK") else _read_pdf(data) if b"%PDF-" in data[:1024] else None
    if written is None:
        return None
    try:
        return str(LicenceIdentifier.parse(written))
    except InvalidInput:
        return None


def _read_ofd(data: bytes) -> str | None:
    """`ofd:CustomData Name="ZZBS"` in OFD.xml (GB/T 33190 §7.4)."""
    try:
        package = OfdPackage.read(data)
        body = find_body(package.parse(package.locate(ROOT_FILE)))
    except UnreadablePackage:
        return None
    info = markup.child(body, "DocInfo")
    listed = markup.child(info, "CustomDatas") if info is not None else None
    for entry in markup.children(listed, "CustomData") if listed is not None else ():
        if entry.get("Name") == IDENTIFIER_NAME:
            return (entry.text or "").strip()
    return None


def _read_pdf(data: bytes) -> str | None:
    """A property ZZBS or dc:identifier in an XMP packet, as element or as attribute.

    Packets are found by scanning, as ISO 16684-1 §7.3 intends: PDF/A leaves them uncompressed, and nothing is inflated
    for a stranger.
    """
    for packet in _packets(data):
        for text in _named(packet):
            found = _IN_TEXT.search(text)
            if found:
                return found.group()
    return None


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


def _named(packet: bytes) -> Iterator[str]:
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(packet.strip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return
    for node in root.iter(etree.Element):
        if markup.local_name(node) in PDF_NAMES:
            yield "".join(str(text) for text in node.itertext())
        yield from (str(value) for name, value in node.attrib.items() if etree.QName(name).localname in PDF_NAMES)
