"""The order of elements and the attributes that GB/T 33190-2016 Annex A demands of what we write."""

from collections.abc import Sequence
from typing import Any

from lxml import etree

NAMESPACE = "{http://www.ofdspec.org/2016}"

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
}
LISTED = ([], ["ID", "Type?", "BaseLoc"])


def faults(data: bytes) -> list[str]:
    """What is wrong with a file, element by element; empty when nothing is."""
    root = etree.fromstring(data)
    return [fault for node in root.iter() for fault in _element_faults(node, root)]


def _element_faults(node: Any, root: Any) -> list[str]:
    name = str(node.tag).removeprefix(NAMESPACE)
    if not str(node.tag).startswith(NAMESPACE):
        return [f"{node.tag} is in another namespace"]
    shape = SHAPES.get(name)
    if name == "Signature" and node is not root:
        shape = LISTED
    if name == "Signatures" and node is not root:
        shape = ([], [])
    if shape is None:
        return []
    children, attributes = shape
    found = [str(child.tag).removeprefix(NAMESPACE) for child in node]
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
