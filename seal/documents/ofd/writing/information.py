"""What a document says of itself: DocInfo in OFD.xml, outlines and permissions in Document.xml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from seal.documents.ofd.writing.elements import day, element, moment, text_element


@dataclass(frozen=True, slots=True)
class DocumentInformation:
    """CT_DocInfo (§7.4). `document_id` is 32 hexadecimal digits; `custom` are CustomDatas by name."""

    document_id: str
    title: str | None = None
    author: str | None = None
    subject: str | None = None
    abstract: str | None = None
    created: datetime | None = None
    modified: datetime | None = None
    keywords: Sequence[str] = ()
    creator: str | None = None
    creator_version: str | None = None
    custom: Mapping[str, str] = field(default_factory=dict)

    def write(self) -> str:
        """The element."""
        keywords = "".join(text_element("Keyword", word) for word in self.keywords)
        custom = "".join(text_element("CustomData", value, Name=name) for name, value in self.custom.items())
        return element(
            "DocInfo",
            text_element("DocID", self.document_id)
            + text_element("Title", self.title)
            + text_element("Author", self.author)
            + text_element("Subject", self.subject)
            + text_element("Abstract", self.abstract)
            + text_element("CreationDate", day(self.created) if self.created else None)
            + text_element("ModDate", day(self.modified) if self.modified else None)
            + (element("Keywords", keywords) if keywords else "")
            + text_element("Creator", self.creator)
            + text_element("CreatorVersion", self.creator_version)
            + (element("CustomDatas", custom) if custom else ""),
        )


@dataclass(frozen=True, slots=True)
class Permissions:
    """CT_Permission (§7.5): what readers are asked to allow. `copies` -1: any number; `valid`: from, until."""

    edit: bool = True
    annotate: bool = True
    export: bool = True
    sign: bool = True
    watermark: bool = True
    print_screen: bool = True
    printable: bool = True
    copies: int = -1
    valid: tuple[datetime, datetime] | None = None

    def write(self) -> str:
        """The element."""
        flags = {
            "Edit": self.edit, "Annot": self.annotate, "Export": self.export, "Signature": self.sign,
            "Watermark": self.watermark, "PrintScreen": self.print_screen,
        }  # fmt: skip
        content = "".join(text_element(name, "true" if allowed else "false") for name, allowed in flags.items())
        content += element("Print", Printable=self.printable, Copies=self.copies)
        if self.valid:
            content += element("ValidPeriod", StartDate=moment(self.valid[0]), EndDate=moment(self.valid[1]))
        return element("Permissions", content)


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A line of the outline that leads to a page (its number as an object)."""

    title: str
    page: int
    entries: tuple["OutlineEntry", ...] = ()

    def write(self) -> str:
        """The element with those below it."""
        target = element("Goto", element("Dest", Type="Fit", PageID=self.page))
        actions = element("Actions", element("Action", target, Event="CLICK"))
        return element("OutlineElem", actions + "".join(each.write() for each in self.entries), Title=self.title)
