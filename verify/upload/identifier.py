"""Which licence a file says it is. Only a hint: in an OFD the place where it stands is not under the seal.

Blocking: call through `asyncio.to_thread`. A file that cannot be read names no licence; saying so is the
validator's work.
"""

import io
import re

from lxml import etree
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from kernel.errors import InvalidInput
from kernel.ids.licence_identifier import LicenceIdentifier
from seal.documents.ofd import markup
from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import find_body
from seal.documents.ofd.package import ROOT_FILE, OfdPackage

IDENTIFIER_NAME = "ZZBS"  # GB/T 36903, 证照标识
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
    """A property called ZZBS in the XMP packet (ISO 16684-1), as element or as attribute."""
    try:
        catalogue = PdfFileReader(io.BytesIO(data), strict=False).root
        packet = catalogue["/Metadata"].data
    except (PdfError, KeyError, AttributeError, ValueError, TypeError, IndexError, RecursionError, OSError):
        return None
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(packet, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    for node in root.iter(etree.Element):
        texts = [node.text or ""] if markup.local_name(node) == IDENTIFIER_NAME else []
        texts += [str(value) for name, value in node.attrib.items() if etree.QName(name).localname == IDENTIFIER_NAME]
        for text in texts:
            found = _IN_TEXT.search(text)
            if found:
                return found.group()
    return None
