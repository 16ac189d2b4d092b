"""A small check of an OFD package against GB/T 33190-2016 and the shape of licences in GB/T 36905, written by hand.

Gives complaints in words; none means that the package keeps every rule below.
"""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from tests.licence_vault.layout.reading import NAMESPACES, Package, find, text_of

NAMESPACE = NAMESPACES["ofd"]
ORDER = {
    "DocBody": ["DocInfo", "DocRoot", "Versions", "Signatures"],
    "DocInfo": [
        "DocID", "Title", "Author", "Subject", "Abstract", "CreationDate", "ModDate", "DocUsage", "Cover", "Keywords",
        "Creator", "CreatorVersion", "CustomDatas",
    ],
    "Document": [
        "CommonData", "Pages", "Outlines", "Permissions", "Actions", "VPreferences", "Bookmarks", "Annotations",
        "CustomTags", "Attachments", "Extensions",
    ],
    "CommonData": ["MaxUnitID", "PageArea", "PublicRes", "DocumentRes", "TemplatePage", "DefaultCS"],
    "Page": ["Template", "PageRes", "Area", "Content", "Actions"],
    "TextObject": ["Actions", "Clips", "FillColor", "StrokeColor", "CGTransform", "TextCode"],
    "PathObject": ["Actions", "Clips", "StrokeColor", "FillColor", "AbbreviatedData"],
}  # fmt: skip
"""What stands after what (§7.4, §7.5, §7.7, §11.2, §9.1)."""
REQUIRED = {
    "OFD": ["Version", "DocType"],
    "TemplatePage": ["ID", "BaseLoc"],
    "Template": ["TemplateID"],
    "Layer": ["ID"],
    "TextObject": ["ID", "Boundary", "Font", "Size"],
    "PathObject": ["ID", "Boundary"],
    "ImageObject": ["ID", "Boundary", "ResourceID"],
    "Font": ["ID", "FontName"],
    "MultiMedia": ["ID", "Type"],
    "Res": ["BaseLoc"],
    "Attachment": ["ID", "Name"],
    "CustomTag": ["NameSpace"],
}
LOCATIONS = {
    "DocRoot", "PublicRes", "DocumentRes", "CustomTags", "Attachments", "FileLoc", "FontFile", "MediaFile",
    "Signatures", "SignedValue",
}  # fmt: skip
SIGNATURE_IDS = {"Signature", "StampAnnot", "Attachment"}
"""Elements whose ID is a name of its own (xs:ID), not an object number."""
BOX = re.compile(r"-?\d+(\.\d+)? -?\d+(\.\d+)? \d+(\.\d+)? \d+(\.\d+)?")


def complaints(data: bytes) -> list[str]:
    """Everything that is wrong with a package."""
    package = Package(data)
    return [
        *_package(package),
        *(complaint for name in package.names if name.endswith(".xml") for complaint in _part(package, name)),
        *_numbers(package),
        *_templates(package),
        *_resources(package),
        *_index(package),
    ]


def _package(package: Package) -> Iterator[str]:
    if package.names[0] != "OFD.xml":
        yield "OFD.xml is not the first part"
    yield from (f"{name} stands twice" for name, count in Counter(package.names).items() if count > 1)
    yield from (f"{name} leads outside" for name in package.names if name.startswith("/") or ".." in name)
    root = package.xml("OFD.xml")
    if not re.fullmatch("[0-9a-f]{32}", text_of(root, ".//ofd:DocID")):
        yield "DocID is not 32 hex digits"


def _part(package: Package, name: str) -> Iterator[str]:
    if b"<!DOCTYPE" in package.parts[name]:
        yield f"{name} has a document type"
    base = ""
    for element in package.xml(name).iter(f"{{{NAMESPACE}}}*"):
        kind = etree.QName(element).localname
        base = (element.get("BaseLoc") or "") if kind == "Res" else base
        yield from (f"{kind} lacks {each} in {name}" for each in REQUIRED.get(kind, ()) if not element.get(each))
        yield from _order(kind, element)
        boundary = element.get("Boundary")
        if boundary is not None and not (BOX.fullmatch(boundary) and min(map(float, boundary.split()[2:])) > 0):
            yield f"{kind} {element.get('ID')} has the boundary {boundary}"
        yield from _location(package, name, kind, element, base)


def _order(kind: str, element: etree._Element) -> Iterator[str]:
    if kind not in ORDER or (kind == "Page" and element.get("BaseLoc")):
        return
    names = [etree.QName(child).localname for child in element]
    yield from (f"{kind} has no place for {name}" for name in names if name not in ORDER[kind])
    places = [ORDER[kind].index(name) for name in names if name in ORDER[kind]]
    if places != sorted(places):
        yield f"{kind} has its parts in the order {names}"


def _location(package: Package, name: str, kind: str, element: etree._Element, base: str) -> Iterator[str]:
    location = element.get("BaseLoc") if kind != "Res" else None
    if kind in LOCATIONS and not len(element):
        location = element.text
    if location is None:
        return
    inside = f"{base}/{location}" if kind in ("FontFile", "MediaFile") else location
    if package.follow(name, inside) not in package.parts:
        yield f"{kind} in {name} leads to {location}, which is not there"


def _numbers(package: Package) -> Iterator[str]:
    numbers: Counter[int] = Counter()
    for name in package.names:
        if name.endswith(".xml"):
            for element in package.xml(name).iter(f"{{{NAMESPACE}}}*"):
                if element.get("ID") and etree.QName(element).localname not in SIGNATURE_IDS:
                    numbers[int(element.get("ID") or 0)] += 1
    yield from (f"the number {number} is given twice" for number, count in numbers.items() if count > 1)
    if float(text_of(package.document, ".//ofd:MaxUnitID") or 0) < max(numbers):
        yield "MaxUnitID is less than a number in use"


def _templates(package: Package) -> Iterator[str]:
    known = {each.get("ID") for each in find(package.document, ".//ofd:TemplatePage")}
    for page_id, page, _templates_of_page in package.pages():
        used = [each.get("TemplateID") for each in find(page, "ofd:Template")]
        if not used or not set(used) <= known:
            yield f"page {page_id} uses the templates {used}"


def _resources(package: Package) -> Iterator[str]:
    fonts, pictures = set(), set()
    for name in ("Doc_0/PublicRes.xml", "Doc_0/DocumentRes.xml"):
        if name in package.parts:
            resources = package.xml(name)
            fonts |= {each.get("ID") for each in find(resources, ".//ofd:Font")}
            pictures |= {each.get("ID") for each in find(resources, ".//ofd:MultiMedia")}
            yield from (
                f"the font {each.get('FontName')} is not embedded"
                for each in find(resources, ".//ofd:Font")
                if not text_of(each, "ofd:FontFile")
            )
    for _id, page, templates in package.pages():
        for part in (page, *templates):
            for text in find(part, ".//ofd:TextObject"):
                if text.get("Font") not in fonts:
                    yield f"text {text.get('ID')} has the font {text.get('Font')}"
            for picture in find(part, ".//ofd:ImageObject"):
                if picture.get("ResourceID") not in pictures:
                    yield f"picture {picture.get('ID')} shows {picture.get('ResourceID')}"


def _index(package: Package) -> Iterator[str]:
    objects = {
        page_id: {each.get("ID") for each in page.iter(f"{{{NAMESPACE}}}TextObject", f"{{{NAMESPACE}}}ImageObject")}
        for page_id, page, _templates_of_page in package.pages()
    }
    for reference in package.xml("Doc_0/Tags/CustomTag.xml").iter(f"{{{NAMESPACE}}}ObjectRef"):
        if reference.text not in objects.get(reference.get("PageRef") or "", ()):
            yield f"the index points to {reference.text} on page {reference.get('PageRef')}"
