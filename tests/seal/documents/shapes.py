"""The order of elements and the attributes that GB/T 33190-2016 Annex A demands of what we write."""

from collections.abc import Sequence
from typing import Any

from lxml import etree

NAMESPACE = "{http://www.ofdspec.org/2016}"

ITEMS = ["TextObject*", "PathObject*", "ImageObject*", "CompositeObject*", "PageBlock*"]
GRAPHIC = [
    *("ID", "Boundary", "Name?", "Visible?", "CTM?", "DrawParam?", "LineWidth?", "Cap?", "Join?"),
    *("MiterLimit?", "DashOffset?", "DashPattern?", "Alpha?"),
]

# element: (its children in order, its attributes). "?" may be left out, "*" may repeat too, "+" repeats.
SHAPES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "OFD": (["DocBody+"], ["Version", "DocType"]),
    "DocBody": (["DocInfo", "DocRoot?", "Versions?", "Signatures?"], []),
    "Signatures": (["MaxSignId?", "Signature*"], []),
    "Signature": (["SignedInfo", "SignedValue"], []),
    "SignedInfo": (
        ["Provider", "SignatureMethod?", "SignatureDateTime?", "References", "StampAnnot*", "Seal?"],
        [],
    ),
    "Provider": ([], ["ProviderName", "Version?", "Company?"]),
    "References": (["Reference+"], ["CheckMethod?"]),
    "Reference": (["CheckValue"], ["FileRef"]),
    "StampAnnot": ([], ["ID", "PageRef", "Boundary", "Clip?"]),
    "Seal": (["BaseLoc"], []),
    "DocInfo": (
        ["DocID", "Title?", "Author?", "Subject?", "Abstract?", "CreationDate?", "ModDate?", "DocUsage?", "Cover?",
         "Keywords?", "Creator?", "CreatorVersion?", "CustomDatas?"],
        [],
    ),
    "Keywords": (["Keyword+"], []),
    "CustomDatas": (["CustomData+"], []),
    "CustomData": ([], ["Name"]),
    "Versions": (["Version+"], []),
    "Version": ([], ["ID", "Index", "Current?", "BaseLoc"]),
    "DocVersion": (["FileList", "DocRoot"], ["ID", "Version?", "Name?", "CreationDate?"]),
    "FileList": (["File+"], []),
    "File": ([], ["ID"]),
    "Document": (
        ["CommonData", "Pages", "Outlines?", "Permissions?", "Actions?", "VPreferences?", "Bookmarks?", "Annotations?",
         "CustomTags?", "Attachments?", "Extensions?"],
        [],
    ),
    "CommonData": (["MaxUnitID", "PageArea", "PublicRes*", "DocumentRes*", "TemplatePage*", "DefaultCS?"], []),
    "PageArea": (["PhysicalBox", "ApplicationBox?", "ContentBox?", "BleedBox?"], []),
    "Area": (["PhysicalBox", "ApplicationBox?", "ContentBox?", "BleedBox?"], []),
    "TemplatePage": ([], ["ID", "Name?", "ZOrder?", "BaseLoc"]),
    "Pages": (["Page+"], []),
    "Outlines": (["OutlineElem+"], []),
    "OutlineElem": (["Actions?", "OutlineElem*"], ["Title", "Count?", "Expanded?"]),
    "Actions": (["Action+"], []),
    "Action": (["Region?", "Goto"], ["Event"]),
    "Goto": (["Dest"], []),
    "Dest": ([], ["Type", "PageID", "Left?", "Top?", "Right?", "Bottom?", "Zoom?"]),
    "Permissions": (
        ["Edit?", "Annot?", "Export?", "Signature?", "Watermark?", "PrintScreen?", "Print?", "ValidPeriod?"],
        [],
    ),
    "Print": ([], ["Printable", "Copies?"]),
    "ValidPeriod": ([], ["StartDate?", "EndDate?"]),
    "Template": ([], ["TemplateID", "ZOrder?"]),
    "Content": (["Layer*", *ITEMS], []),
    "TextObject": (
        ["Actions?", "Clips?", "FillColor?", "StrokeColor?", "TextCode+"],
        [
            *(*GRAPHIC, "Font", "Size", "Stroke?", "Fill?", "HScale?"),
            *("ReadDirection?", "CharDirection?", "Weight?", "Italic?"),
        ],
    ),
    "TextCode": ([], ["X?", "Y?", "DeltaX?", "DeltaY?"]),
    "CGTransform": (["Glyphs?"], ["CodePosition", "CodeCount?", "GlyphCount?"]),
    "PathObject": (
        ["Actions?", "Clips?", "StrokeColor?", "FillColor?", "AbbreviatedData"],
        [*GRAPHIC, "Stroke?", "Fill?", "Rule?"],
    ),
    "ImageObject": (["Actions?", "Clips?", "Border?"], [*GRAPHIC, "ResourceID", "Substitution?", "ImageMask?"]),
    "CompositeObject": (["Actions?", "Clips?"], [*GRAPHIC, "ResourceID"]),
    "Clips": (["Clip+"], []),
    "Clip": (["Area+"], []),
    "AxialShd": (["Segment+"], ["MapType?", "MapUnit?", "Extend?", "StartPoint", "EndPoint"]),
    "RadialShd": (
        ["Segment+"],
        ["MapType?", "MapUnit?", "Eccentricity?", "Angle?", "StartPoint", "StartRadius?", "EndPoint", "EndRadius",
         "Extend?"],
    ),
    "Segment": (["Color"], ["Position?"]),
    "Res": (["Fonts*", "ColorSpaces*", "DrawParams*", "MultiMedias*", "CompositeGraphicUnits*"], ["BaseLoc"]),
    "Font": (
        ["FontFile?"],
        ["ID", "FontName", "FamilyName?", "Charset?", "Italic?", "Bold?", "Serif?", "FixedWidth?"],
    ),
    "MultiMedia": (["MediaFile"], ["ID", "Type", "Format?"]),
    "DrawParam": (
        ["FillColor?", "StrokeColor?"],
        ["ID", "Relative?", "LineWidth?", "Join?", "Cap?", "DashOffset?", "DashPattern?", "MiterLimit?"],
    ),
    "CompositeGraphicUnit": (["Thumbnail?", "Substitution?", "Content"], ["ID", "Width", "Height"]),
    "PageAnnot": (["Annot+"], []),
    "Annot": (
        ["Remark?", "Parameters?", "Appearance"],
        ["ID", "Type", "Creator", "LastModDate", "Visible?", "Subtype?", "Print?", "NoZoom?", "NoRotate?", "ReadOnly?"],
    ),
    "Appearance": (ITEMS, ["Boundary?"]),
    "Parameter": ([], ["Name"]),
    "Annotations": (["Page*"], []),
    "Attachments": (["Attachment*"], []),
    "Attachment": (
        ["FileLoc"],
        ["ID", "Name", "Format?", "CreationDate?", "ModDate?", "Size?", "Visible?", "Usage?"],
    ),
    "CustomTags": (["CustomTag*"], []),
    "CustomTag": (["SchemaLoc?", "FileLoc"], ["NameSpace"]),
    "Extensions": (["Extension+"], []),
    "Extension": (["Property*"], ["AppName", "Company?", "AppVersion?", "Date?", "RefId"]),
}  # fmt: skip
IN_LISTS = {  # where an element has another shape below the root than as a root, or as a mere location
    ("Page", True): (["Template*", "PageRes*", "Area?", "Content?", "Actions?"], []),
    ("Page", False): (["FileLoc?"], ["ID?", "BaseLoc?", "PageID?"]),
    ("Annotations", False): ([], []),
    ("CustomTags", False): ([], []),
    ("Attachments", False): ([], []),
    ("Extensions", False): ([], []),
}
IN_PARENTS = {
    ("Signatures", "Signature"): ([], ["ID", "Type?", "BaseLoc"]),
    ("DocBody", "Signatures"): ([], []),
    ("Permissions", "Signature"): ([], []),
    ("Permissions", "Annot"): ([], []),
    ("Clip", "Area"): (["Path*", "Text*"], ["DrawParam?", "CTM?"]),
}


def faults(data: bytes) -> list[str]:
    """What is wrong with a file, element by element; empty when nothing is."""
    root = etree.fromstring(data)
    return [fault for node in root.iter() for fault in _element_faults(node, root)]


def _element_faults(node: Any, root: Any) -> list[str]:
    name = str(node.tag).removeprefix(NAMESPACE)
    if not str(node.tag).startswith(NAMESPACE):
        return [f"{node.tag} is in another namespace"]
    shape = SHAPES.get(name)
    shape = IN_LISTS.get((name, node is root), shape)
    parent = str(node.getparent().tag).removeprefix(NAMESPACE) if node is not root else ""
    shape = IN_PARENTS.get((parent, name), shape)
    if shape is None:
        return []
    children, attributes = shape
    found = [str(child.tag).removeprefix(NAMESPACE) for child in node]
    found = [child for child in found if child != "CGTransform"]  # stands before any TextCode
    wrong = [] if _in_order(found, children) else [f"{name} holds {found}"]
    known = {attribute.rstrip("?") for attribute in attributes}
    needed = {attribute for attribute in attributes if not attribute.endswith("?")}
    if not needed <= set(node.attrib) <= known:
        wrong.append(f"{name} has attributes {sorted(node.attrib)}")
    return wrong


def _in_order(found: list[str], expected: Sequence[str]) -> bool:
    left = list(found)
    for entry in expected:
        name, mark = entry.rstrip("?*+"), entry[-1]
        count = 0
        while left and left[0] == name and (mark in "*+" or count == 0):
            left.pop(0)
            count += 1
        if count == 0 and mark not in "?*":
            return False
    return not left
