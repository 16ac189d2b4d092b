"""One document of a package: its pages and everything they need."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from seal.documents.ofd.writing.elements import element, number, root_element, text_element
from seal.documents.ofd.writing.information import OutlineEntry, Permissions
from seal.documents.ofd.writing.objects import Item, Numbering, write_object
from seal.documents.ofd.writing.resources import ResourceWriter
from seal.documents.ofd.writing.supplements import Annotation, Attachment, CustomTag, Extension, write_list

LayerKind = Literal["Body", "Background", "Foreground"]


@dataclass(slots=True)
class PageWriter:
    """A page or a template page: what is added first lies lowest within its layer."""

    number: int
    width: float
    height: float
    _numbering: Numbering
    _layers: dict[LayerKind, tuple[int, list[str]]] = field(default_factory=dict)
    _templates: list[tuple[int, str]] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)

    def use_template(self, template: int, *, foreground: bool = False) -> None:
        """Draw the template with this number below this page's own content, or above it."""
        self._templates.append((template, "Foreground" if foreground else "Background"))

    def add(self, item: Item, *, layer: LayerKind = "Body") -> int:
        """An object on a layer; its number."""
        own, xml = write_object(item, self._numbering)
        self.add_written(xml, layer=layer)
        return own

    def add_written(self, xml: str, *, layer: LayerKind = "Body") -> None:
        """An object that is XML already, numbered by this document's numbering."""
        if layer not in self._layers:
            self._layers[layer] = (self._numbering.next(), [])
        self._layers[layer][1].append(xml)

    def annotate(self, annotation: Annotation) -> None:
        """An annotation."""
        self.annotations.append(annotation.write(self._numbering))

    def write(self) -> bytes:
        """Content.xml."""
        layers = "".join(
            element("Layer", "".join(items), ID=own, Type=kind) for kind, (own, items) in self._layers.items()
        )
        templates = "".join(element("Template", TemplateID=own, ZOrder=order) for own, order in self._templates)
        box = f"0 0 {number(self.width)} {number(self.height)}"
        area = element("Area", text_element("PhysicalBox", box))
        return root_element("Page", templates + area + (element("Content", layers) if layers else ""))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What many documents begin with, written once: template pages, and the fonts and pictures that these use.

    `highest` is the last object number that it takes; `templates` are numbers and contents.
    """

    highest: int
    resources: ResourceWriter
    templates: tuple[tuple[int, bytes], ...]


class DocumentWriter:
    """Collects pages, templates, resources and supplements; `write` gives the files below `folder`."""

    def __init__(self, folder: str, beginning: Beginning | None = None) -> None:
        """`folder` is where Document.xml stands, without a slash at the end."""
        self.folder = folder
        self.numbering = Numbering(beginning.highest if beginning else 0)
        self.resources = beginning.resources.copy(self.numbering) if beginning else ResourceWriter(self.numbering)
        self.permissions: Permissions | None = None
        self.outline: Sequence[OutlineEntry] = ()
        self._begun = beginning.templates if beginning else ()
        self._pages: list[PageWriter] = []
        self._templates: list[PageWriter] = []
        self._attachments: list[Attachment] = []
        self._tags: list[CustomTag] = []
        self._extensions: list[Extension] = []

    @property
    def document_file(self) -> str:
        """Where Document.xml will be."""
        return f"{self.folder}/Document.xml"

    def add_template(self, width: float, height: float) -> PageWriter:
        """A template page, millimetres."""
        return self._add(self._templates, width, height)

    def add_page(self, width: float, height: float) -> PageWriter:
        """A page, millimetres."""
        return self._add(self._pages, width, height)

    def beginning(self) -> Beginning:
        """What stands in it so far, for further documents to begin with; only templates and resources are kept."""
        written = tuple((template.number, template.write()) for template in self._templates)
        return Beginning(self.numbering.highest, self.resources.copy(Numbering()), (*self._begun, *written))

    def attach(self, attachment: Attachment) -> None:
        """A file to travel along."""
        self._attachments.append(attachment)

    def tag(self, tag: CustomTag) -> None:
        """An index of objects."""
        self._tags.append(tag)

    def extend(self, extension: Extension) -> None:
        """Properties of an application."""
        self._extensions.append(extension)

    def write(self) -> dict[str, bytes]:
        """Every file of the document by its name in the package; a document has one page at least."""
        if not self._pages:
            raise ValueError("a document needs a page")
        files: dict[str, bytes] = {}
        for index, (_number, content) in enumerate(self._written_templates()):
            files[f"Tpls/Tpl_{index}/Content.xml"] = content
        for index, page in enumerate(self._pages):
            files[f"Pages/Page_{index}/Content.xml"] = page.write()
        files["PublicRes.xml"] = self.resources.write_public()
        own = self.resources.write_document()
        if own:
            files["DocumentRes.xml"] = own
        files |= {f"Res/{name}": data for name, data in self.resources.files.items()}
        files |= self._supplements()
        files["Document.xml"] = self._document(files)
        return {f"{self.folder}/{name}": content for name, content in files.items()}

    def _written_templates(self) -> list[tuple[int, bytes]]:
        return [*self._begun, *((template.number, template.write()) for template in self._templates)]

    def _template_numbers(self) -> list[int]:
        return [*(number for number, _content in self._begun), *(template.number for template in self._templates)]

    def _add(self, pages: list[PageWriter], width: float, height: float) -> PageWriter:
        page = PageWriter(self.numbering.next(), width, height, self.numbering)
        pages.append(page)
        return page

    def _supplements(self) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        annotated = []
        for index, page in enumerate(self._pages):
            if page.annotations:
                name = f"Page_{index}/Annotation.xml"
                files[f"Annots/{name}"] = write_list("PageAnnot", page.annotations)
                annotated.append(element("Page", text_element("FileLoc", name), PageID=page.number))
        if annotated:
            files["Annots/Annotations.xml"] = write_list("Annotations", annotated)
        if self._tags:
            files["Tags/CustomTags.xml"] = write_list("CustomTags", [tag.write() for tag in self._tags])
            files |= {f"Tags/{tag.file}": tag.content for tag in self._tags}
        if self._attachments:
            listed = [attachment.write() for attachment in self._attachments]
            files["Attachs/Attachments.xml"] = write_list("Attachments", listed)
            files |= {f"Attachs/{attachment.name}": attachment.data for attachment in self._attachments}
        if self._extensions:
            files["Extensions.xml"] = write_list("Extensions", [each.write() for each in self._extensions])
        return files

    def _document(self, files: dict[str, bytes]) -> bytes:
        first = self._pages[0]
        box = f"0 0 {number(first.width)} {number(first.height)}"
        common = (
            text_element("MaxUnitID", str(self.numbering.highest))
            + element("PageArea", text_element("PhysicalBox", box))
            + text_element("PublicRes", "PublicRes.xml")
            + text_element("DocumentRes", "DocumentRes.xml" if "DocumentRes.xml" in files else None)
            + "".join(
                element("TemplatePage", ID=number, BaseLoc=f"Tpls/Tpl_{index}/Content.xml")
                for index, number in enumerate(self._template_numbers())
            )
        )
        pages = "".join(
            element("Page", ID=page.number, BaseLoc=f"Pages/Page_{index}/Content.xml")
            for index, page in enumerate(self._pages)
        )
        outline = "".join(entry.write() for entry in self.outline)
        located = (("Annotations", "Annots/Annotations.xml"), ("CustomTags", "Tags/CustomTags.xml"),
                   ("Attachments", "Attachs/Attachments.xml"), ("Extensions", "Extensions.xml"))  # fmt: skip
        return root_element(
            "Document",
            element("CommonData", common)
            + element("Pages", pages)
            + (element("Outlines", outline) if outline else "")
            + (self.permissions.write() if self.permissions else "")
            + "".join(text_element(name, file) for name, file in located if file in files),
        )
