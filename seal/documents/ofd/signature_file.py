"""Signature.xml (GB/T 33190-2016 §18.2): what a signature protects, where its stamps stand, where its value is."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass

from seal.documents.ofd import markup
from seal.documents.ofd.archive import DEFAULT_LIMITS, UnreadablePackage
from seal.documents.ofd.markup import Node
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.writing.elements import element, root_element, text_element

SM3_METHOD = "1.2.156.10197.1.401"
SM2_METHOD = "1.2.156.10197.1.501"
LARGEST_DESCRIPTION = 1 << 20
MOST_REFERENCES = DEFAULT_LIMITS.max_entries
"""No archive has more files to refer to."""


@dataclass(frozen=True)
class Reference:
    """A protected file: its location as written, and its digest as stated."""

    location: str
    digest: bytes


@dataclass(frozen=True)
class Stamp:
    """Where the seal's picture stands: page by object ID; `boundary` and `clip` as "x y width height" in mm."""

    page_id: str
    boundary: str
    clip: str | None = None


@dataclass(frozen=True)
class SignatureFile:
    """Signature.xml as read or to be written. `signed_at` is free text; `check_method` is empty when it is left out."""

    provider: str
    references: tuple[Reference, ...]
    stamps: tuple[Stamp, ...]
    seal_location: str | None
    value_location: str
    signature_method: str = SM2_METHOD
    check_method: str = SM3_METHOD
    signed_at: str = ""
    provider_version: str = ""


def load_signature_file(package: OfdPackage, name: str) -> SignatureFile:
    """Read Signature.xml in any order of elements; raises `UnreadablePackage`."""
    if len(package.files[name]) > LARGEST_DESCRIPTION:
        raise UnreadablePackage("The file {entry} is not a signature description.", entry=name)
    root = package.parse(name)
    info = markup.child(root, "SignedInfo")
    references = markup.child(info, "References") if info is not None else None
    value_location = markup.text(root, "SignedValue")
    if info is None or references is None or value_location is None or len(references) > MOST_REFERENCES:
        raise UnreadablePackage("The file {entry} is not a signature description.", entry=name)
    return SignatureFile(
        provider=_provider(info),
        references=tuple(_reference(node, name) for node in markup.children(references, "Reference")),
        stamps=tuple(
            Stamp(node.get("PageRef", ""), node.get("Boundary", ""), node.get("Clip"))
            for node in markup.children(info, "StampAnnot")
        ),
        seal_location=markup.text(markup.child(info, "Seal"), "BaseLoc"),
        value_location=value_location,
        signature_method=markup.text(info, "SignatureMethod") or "",
        check_method=references.get("CheckMethod", ""),
        signed_at=markup.text(info, "SignatureDateTime") or "",
    )


def _provider(info: Node) -> str:
    node = markup.child(info, "Provider")
    if node is None:
        return ""
    return node.get("ProviderName") or markup.text(node, "ProviderName") or ""


def _reference(node: Node, name: str) -> Reference:
    try:
        digest = b64decode("".join((markup.text(node, "CheckValue") or "").split()), validate=True)
    except (Base64Error, ValueError) as failure:
        raise UnreadablePackage("The file {entry} has an unreadable check value.", entry=name) from failure
    return Reference(node.get("FileRef", ""), digest)


def write_signature_file(description: SignatureFile) -> bytes:
    """Signature.xml in the order of Annex A; the one departure is the OID in CheckMethod, which everybody writes."""
    references = "".join(map(_reference_element, description.references))
    info = (
        element("Provider", ProviderName=description.provider, Version=description.provider_version)
        + text_element("SignatureMethod", description.signature_method)
        + text_element("SignatureDateTime", description.signed_at)
        + element("References", references, CheckMethod=description.check_method)
        + "".join(
            element("StampAnnot", ID=f"stamp{number}", PageRef=stamp.page_id, Boundary=stamp.boundary, Clip=stamp.clip)
            for number, stamp in enumerate(description.stamps, start=1)
        )
    )
    if description.seal_location:
        info += element("Seal", text_element("BaseLoc", description.seal_location))
    value = text_element("SignedValue", description.value_location)
    return root_element("Signature", element("SignedInfo", info) + value)


def _reference_element(reference: Reference) -> str:
    value = text_element("CheckValue", b64encode(reference.digest).decode())
    return element("Reference", value, FileRef=reference.location)
