"""One page of an OFD, drawn: templates, layers, annotations, stamps, in that order (GB/T 33190-2016 §7.7)."""

from dataclasses import dataclass

import pypdfium2

from seal.documents.ofd import markup
from seal.documents.ofd.archive import UnreadablePackage
from seal.documents.ofd.document import OfdDocument, load_document
from seal.documents.ofd.markup import Node
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.rendering.canvas import Canvas, TooComplex
from seal.documents.ofd.rendering.geometry import Box, multiply, read_box, translation
from seal.documents.ofd.rendering.painter import Budget, Painter, Surroundings
from seal.documents.ofd.rendering.resources import Resources
from seal.documents.ofd.rendering.stamps import ShownStamp, find_stamps
from seal.documents.raster import pdf_page_image, to_png

MOST_OBJECTS = 100_000
MOST_SECONDS = 20.0
DEEPEST_SEAL = 2
LARGEST_PAGE = 5080.0
"""Millimetres: what PDF's 14400 points allow."""
_A4 = Box(0.0, 0.0, 210.0, 297.0)
_LAYERS = {"Background": 0, "Foreground": 2}


class PageMissing(UnreadablePackage):
    """The document has no such page."""

    code = "page-missing"

    def __init__(self, page: int) -> None:
        super().__init__("The document has no page {page}.", page=page)


def render_page(data: bytes, page: int = 1, dpi: float = 96.0) -> bytes:
    """Page number `page` (from 1) of an OFD as a PNG of about `dpi` dots an inch, with the seals on it.

    CPU-bound (tens to hundreds of milliseconds): call it through `asyncio.to_thread` from a loop. Raises
    `UnreadablePackage`, `PageMissing` for a page that is not there, and `TooComplex`.
    """
    pdf = page_as_pdf(OfdPackage.read(data), page)
    try:
        return to_png(pdf_page_image(pdf, scale=dpi / 72))
    except pypdfium2.PdfiumError as failure:
        raise TooComplex from failure


def page_as_pdf(package: OfdPackage, page: int = 1) -> bytes:
    """The page as a PDF of one page, its text as outlines. Raises as `render_page`."""
    view = _View.open(package)
    if not 1 <= page <= len(view.pages):
        raise PageMissing(page)
    listed = view.pages[page - 1]
    root = view.parse(listed.get("BaseLoc", ""))
    box = _page_box(root, view)
    canvas = Canvas(box.width, box.height)
    painter = Painter(canvas, Budget(MOST_OBJECTS, MOST_SECONDS))
    with canvas.saved(translation(-box.x, -box.y)):
        _draw(view, painter, root, listed)
    return canvas.to_pdf()


@dataclass(frozen=True)
class _View:
    """A document opened for drawing."""

    package: OfdPackage
    document: OfdDocument
    common: Node | None
    pages: list[Node]
    annotations: str | None
    resources: Resources
    depth: int = 0

    @classmethod
    def open(cls, package: OfdPackage, depth: int = 0) -> "_View":
        """Raises `UnreadablePackage`."""
        document = load_document(package)
        root = package.parse(document.document_file)
        common, pages = markup.child(root, "CommonData"), markup.child(root, "Pages")
        resources = Resources(package)
        if common is not None:
            locations = [
                (node.text or "") for kind in ("PublicRes", "DocumentRes") for node in markup.children(common, kind)
            ]
            resources.load(locations, document.document_file)
        listed = list(markup.children(pages, "Page")) if pages is not None else []
        return cls(package, document, common, listed, markup.text(root, "Annotations"), resources, depth)

    def find(self, location: str) -> str | None:
        """A file named in Document.xml."""
        return self.package.find(location, seen_from=self.document.document_file) if location else None

    def parse(self, location: str) -> Node:
        """Raises `UnreadablePackage`."""
        return self.package.parse(self.package.locate(location, seen_from=self.document.document_file))

    def templates(self, root: Node) -> list[tuple[str, str]]:
        """The page's templates: where they are ("Background" or "Foreground") and their files."""
        if self.common is None:
            return []
        known = {node.get("ID"): node for node in markup.children(self.common, "TemplatePage")}
        used = []
        for node in markup.children(root, "Template"):
            template = known.get(node.get("TemplateID"))
            file = self.find(template.get("BaseLoc", "")) if template is not None else None
            if file and template is not None:
                used.append((node.get("ZOrder") or template.get("ZOrder") or "Background", file))
        return used


def _page_box(root: Node, view: _View) -> Box:
    default = markup.child(view.common, "PageArea") if view.common is not None else None
    for area in (markup.child(root, "Area"), default):
        box = read_box(markup.text(area, "PhysicalBox"))
        if box and 0 < box.width <= LARGEST_PAGE and 0 < box.height <= LARGEST_PAGE:
            return box
    return _A4


def _draw(view: _View, painter: Painter, root: Node, listed: Node) -> None:
    templates = view.templates(root)
    page_id = listed.get("ID", "")
    for order, file in templates:
        if order != "Foreground":
            _draw_content(view, painter, view.package.parse(file), file)
    _draw_content(view, painter, root, view.find(listed.get("BaseLoc", "")) or view.document.document_file)
    for order, file in templates:
        if order == "Foreground":
            _draw_content(view, painter, view.package.parse(file), file)
    _draw_annotations(view, painter, page_id)
    for stamp in find_stamps(view.package, view.document, page_id):
        _draw_stamp(view, painter, stamp)


def _draw_content(view: _View, painter: Painter, root: Node, file: str) -> None:
    content = markup.child(root, "Content")
    if content is None:
        return
    own = [node.text or "" for node in markup.children(root, "PageRes")]
    resources = view.resources
    if own:
        resources = resources.copy()
        resources.load(own, file)
        resources.load(own, view.document.document_file)
    layers = sorted(content, key=lambda layer: _LAYERS.get(layer.get("Type", "Body"), 1))
    painter.paint(layers, Surroundings(resources))


def _draw_annotations(view: _View, painter: Painter, page_id: str) -> None:
    file = view.find(view.annotations or "")
    if file is None:
        return
    try:
        listed = [page for page in markup.children(view.package.parse(file), "Page") if page.get("PageID") == page_id]
        for page in listed:
            location = markup.text(page, "FileLoc") or ""
            held = view.package.find(location, seen_from=file) or view.find(location)
            if held:
                for annotation in markup.children(view.package.parse(held), "Annot"):
                    _draw_annotation(view, painter, annotation)
    except UnreadablePackage:
        return  # what marks up a page must not keep it from being shown


def _draw_annotation(view: _View, painter: Painter, annotation: Node) -> None:
    appearance = markup.child(annotation, "Appearance")
    if appearance is None or annotation.get("Visible", "true").strip().lower() in ("false", "0"):
        return
    box = read_box(appearance.get("Boundary"))
    corner = translation(box.x, box.y) if box else translation(0, 0)
    with painter.canvas.saved(corner):
        painter.paint(appearance, Surroundings(view.resources))


def _draw_stamp(view: _View, painter: Painter, stamp: ShownStamp) -> None:
    """Ink: what is printed below stays legible, whatever the picture's background."""
    canvas, box = painter.canvas, stamp.boundary
    with canvas.saved(translation(box.x, box.y)):
        if stamp.clip:
            canvas.clip_box(stamp.clip)
        canvas.transparency(blend="Multiply")
        picture = stamp.picture
        is_nested = picture and picture.format.strip().lower() == "ofd" and view.depth < DEEPEST_SEAL
        if picture and is_nested and _draw_nested(view, painter, picture.data, box):
            return
        name = painter.picture(picture.data) if picture else None
        if name:
            painter.place_picture(name, (box.width, 0.0, 0.0, box.height, 0.0, 0.0))
        else:  # something is here, though it cannot be shown
            canvas.put(f"1 0 0 RG 0.3 w [1 1] 0 d 0 0 {box.width:.3f} {box.height:.3f} re S\n")


def _draw_nested(view: _View, painter: Painter, data: bytes, box: Box) -> bool:
    """A seal whose picture is an OFD of its own, as tax seals have it."""
    try:
        inner = _View.open(OfdPackage.read(data), view.depth + 1)
        if not inner.pages:
            return False
        root = inner.parse(inner.pages[0].get("BaseLoc", ""))
        page = _page_box(root, inner)
        scale = (box.width / page.width, 0.0, 0.0, box.height / page.height, 0.0, 0.0)
        with painter.canvas.saved(multiply(translation(-page.x, -page.y), scale)):
            _draw(inner, painter, root, inner.pages[0])
    except UnreadablePackage:
        return False
    return True
