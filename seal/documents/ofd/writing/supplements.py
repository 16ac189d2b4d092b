"""What accompanies the pages: annotations, attachments, custom tags, extensions (GB/T 33190-2016 ch. 15–17, 19, 20)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from seal.documents.ofd.writing.elements import day, element, moment, number, root_element, text_element
from seal.documents.ofd.writing.objects import Box, Item, Numbering, numbered


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation of a page; `boundary` in page coordinates, `items` measured from its top left."""

    kind: Literal["Link", "Path", "Highlight", "Stamp", "Watermark"]
    creator: str
    modified: datetime
    boundary: Box
    items: tuple[Item, ...]
    subtype: str | None = None
    remark: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    visible: bool | None = None
    printed: bool | None = None
    read_only: bool | None = None

    def write(self, numbering: Numbering) -> str:
        """The element."""
        own = numbering.next()
        named = "".join(text_element("Parameter", value, Name=name) for name, value in self.parameters.items())
        content = (
            text_element("Remark", self.remark)
            + (element("Parameters", named) if named else "")
            + element("Appearance", "".join(numbered(self.items, numbering)), Boundary=self.boundary)
        )
        return element(
            "Annot", content, ID=own, Type=self.kind, Creator=self.creator, LastModDate=day(self.modified),
            Visible=self.visible, Subtype=self.subtype, Print=self.printed, ReadOnly=self.read_only,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with the document. `identifier` begins with a letter (xs:ID); `name` is also its file's."""

    identifier: str
    name: str
    data: bytes
    format: str | None = None
    created: datetime | None = None
    visible: bool | None = None
    usage: str | None = None

    def write(self) -> str:
        """The element."""
        return element(
            "Attachment", text_element("FileLoc", self.name), ID=self.identifier, Name=self.name, Format=self.format,
            CreationDate=moment(self.created) if self.created else None, Size=number(len(self.data) / 1024),
            Visible=self.visible, Usage=self.usage,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CustomTag:
    """An index of objects in a vocabulary of one's own: `content` is the whole XML file, named `file`."""

    namespace: str
    file: str
    content: bytes

    def write(self) -> str:
        """Its line in CustomTags.xml."""
        return element("CustomTag", text_element("FileLoc", self.file), NameSpace=self.namespace)


@dataclass(frozen=True, slots=True)
class Extension:
    """An application's own properties of an object (its number)."""

    application: str
    about: int
    properties: Mapping[str, str]

    def write(self) -> str:
        """The element."""
        listed = "".join(text_element("Property", value, Name=name) for name, value in self.properties.items())
        return element("Extension", listed, AppName=self.application, RefId=self.about)


def write_list(name: str, entries: Sequence[str]) -> bytes:
    """A file whose root holds `entries`."""
    return root_element(name, "".join(entries))


def object_reference(page: int, item: int) -> str:
    """What the leaves of a custom tag hold: the object that they speak of."""
    return element("ObjectRef", str(item), PageRef=page)
