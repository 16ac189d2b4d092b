"""What sealing and checking need to know of an OFD: its body, the list of its signatures, its pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from seal.documents.ofd import markup
from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.markup import Node
from seal.documents.ofd.package import ROOT_FILE, OfdPackage

MOST_BODIES = 64


@dataclass(frozen=True)
class Page:
    """A page: its object ID, and its size in millimetres (of the page, else of the document)."""

    id: str
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class SignatureEntry:
    """A line of Signatures.xml; `file` is `None` when the package does not have the file named by `location`."""

    id: str
    kind: str
    location: str
    file: str | None


@dataclass(frozen=True)
class OfdDocument:
    """A body of a package: its root file, Document.xml, and signatures in order.

    `missing_list` is the location of a list of signatures that the package does not have.
    """

    root_file: str
    document_file: str
    signatures_file: str | None
    signatures: tuple[SignatureEntry, ...]
    missing_list: str = ""


def load_document(package: OfdPackage) -> OfdDocument:
    """The body that carries signatures, or else the first one, which readers show; raises `UnreadablePackage`."""
    root_file = package.locate(ROOT_FILE)
    return _load_body(package, root_file, find_body(package.parse(root_file)))


def load_documents(package: OfdPackage) -> tuple[OfdDocument, ...]:
    """Every body of the package in order, one at least; raises `UnreadablePackage`."""
    root_file = package.locate(ROOT_FILE)
    bodies = _bodies(package.parse(root_file))
    if len(bodies) > MOST_BODIES:
        raise UnreadablePackage("The package holds more than {limit} documents.", limit=MOST_BODIES)
    return tuple(_load_body(package, root_file, body) for body in bodies)


def _load_body(package: OfdPackage, root_file: str, body: Node) -> OfdDocument:
    document_file = package.locate(markup.text(body, "DocRoot") or "", seen_from=root_file)
    location = markup.text(body, "Signatures")
    signatures_file = package.find(location, seen_from=root_file) if location else None
    return OfdDocument(
        root_file=root_file,
        document_file=document_file,
        signatures_file=signatures_file,
        signatures=_load_entries(package, signatures_file) if signatures_file else (),
        missing_list=location[:200] if location and not signatures_file else "",
    )


def find_body(root: Node) -> Node:
    """The first DocBody of OFD.xml that names signatures, or else the first; raises `UnreadablePackage`."""
    bodies = _bodies(root)
    signed = [body for body in bodies if markup.text(body, "Signatures")]
    return (signed or bodies)[0]


def _bodies(root: Node) -> list[Node]:
    bodies = list(markup.children(root, "DocBody"))
    if not bodies:
        raise UnreadablePackage("The file {entry} names no document.", entry=ROOT_FILE)
    return bodies


def load_pages(package: OfdPackage, document_file: str) -> tuple[Page, ...]:
    """The pages that Document.xml lists, in order; raises `UnreadablePackage`."""
    root = package.parse(document_file)
    default = _physical_box(markup.child(root, "CommonData"), "PageArea")
    listed = markup.child(root, "Pages")
    pages = list(markup.children(listed, "Page")) if listed is not None else []
    return tuple(_load_page(package, page, document_file, default) for page in pages)


def number_pages(package: OfdPackage, documents: Sequence[OfdDocument]) -> dict[str, int]:
    """From the file of a page's content to the page's number in its document; what cannot be read is left out."""
    numbers: dict[str, int] = {}
    for document in documents:
        try:
            listed = markup.child(package.parse(document.document_file), "Pages")
        except UnreadablePackage:
            continue
        for number, page in enumerate(markup.children(listed, "Page") if listed is not None else (), start=1):
            file = package.find(page.get("BaseLoc", ""), seen_from=document.document_file)
            if file:
                numbers[file] = number
    return numbers


def _load_page(package: OfdPackage, page: Node, document_file: str, default: tuple[float, float] | None) -> Page:
    file = package.find(page.get("BaseLoc", ""), seen_from=document_file)
    own = _physical_box(package.parse(file), "Area") if file else None
    width, height = own or default or (210.0, 297.0)
    return Page(page.get("ID", ""), width, height)


def _physical_box(node: Node | None, name: str) -> tuple[float, float] | None:
    value = markup.text(markup.child(node, name), "PhysicalBox") if node is not None else None
    try:
        _x, _y, width, height = (float(number) for number in (value or "").split())
    except ValueError:
        return None
    return width, height


def _load_entries(package: OfdPackage, signatures_file: str) -> tuple[SignatureEntry, ...]:
    entries = []
    for node in markup.children(package.parse(signatures_file), "Signature"):
        location = node.get("BaseLoc", "")
        file = package.find(location, seen_from=signatures_file)
        entries.append(SignatureEntry(node.get("ID", ""), node.get("Type", "Seal"), location, file))
    return tuple(entries)
