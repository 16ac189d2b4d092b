"""Reading the metadata of a licence's files where others look for them."""

import io
import re

from lxml import etree
from pyhanko.pdf_utils.reader import PdfFileReader

from licence_vault.layout.pdf.metadata import NAMESPACE
from tests.licence_vault.layout.reading import Package, find, text_of


def in_ofd(data: bytes) -> dict[str, str | None]:
    """`CustomDatas` of OFD.xml."""
    return {each.get("Name") or "": each.text for each in find(Package(data).xml("OFD.xml"), ".//ofd:CustomData")}


def in_xml(data: bytes) -> dict[str, str | None]:
    """The attached `licence.xml`."""
    root = etree.fromstring(data)
    return {each.get("name") or "": each.text for each in root.iterfind("{urn:xinyin:licence}metadata")}


def attached_to_ofd(data: bytes) -> bytes:
    package = Package(data)
    (entry,) = find(package.xml("Doc_0/Attachs/Attachments.xml"), "ofd:Attachment")
    return package.parts[f"Doc_0/Attachs/{text_of(entry, 'ofd:FileLoc')}"]


def packet(data: bytes) -> etree._Element:
    (found,) = re.findall(rb"<\?xpacket begin=.*?\?>(.*?)<\?xpacket end=", data, re.DOTALL)
    return etree.fromstring(found.strip())


def in_xmp(data: bytes) -> dict[str, str | None]:
    values = packet(data).iter(f"{{{NAMESPACE}}}*")
    return {etree.QName(each).localname: each.text for each in values}


def attached_to_pdf(data: bytes) -> bytes:
    attached: bytes = PdfFileReader(io.BytesIO(data)).root["/AF"][0]["/EF"]["/F"].data
    return attached
