"""A licence as OFD (GB/T 33190-2016) in the shape of GB/T 36905: template page, field objects, index, metadata."""

import io
import zipfile
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from xml.sax.saxutils import escape, quoteattr

from licence_vault.layout.document import PRODUCER, LicenceDocument
from licence_vault.layout.drawing import DrawnPage, Image, Modules, number
from licence_vault.layout.fonts import FontBook, Typeface
from licence_vault.layout.ofd_objects import Numbering, ObjectWriter
from licence_vault.layout.parts.qr import as_png

NAMESPACE = "http://www.ofdspec.org/2016"
TAG_NAMESPACE = "urn:xinyin:licence:fields"
CHINA = timezone(timedelta(hours=8))
HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_ofd(document: LicenceDocument, fonts: FontBook) -> bytes:
    """The OFD package, not yet sealed. The same document gives the same bytes."""
    return _Package(document, fonts).write()


class _Package:
    def __init__(self, document: LicenceDocument, fonts: FontBook) -> None:
        self.document = document
        self.fonts = fonts
        self.numbering = Numbering()
        self.parts: dict[str, bytes] = {}
        self.field_objects: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.page_ids: list[int] = []
        self.template_ids: list[int] = []

    def write(self) -> bytes:
        font_ids = self._write_fonts()
        image_ids = self._write_images()
        for index, page in enumerate(self.document.drawing.pages):
            self._write_page(index, page, ObjectWriter(self.numbering, font_ids, image_ids))
        self._write_tags()
        self._write_attachment()
        self._write_document(has_images=bool(image_ids))
        self._write_root()
        return self._zip()

    def _write_fonts(self) -> dict[str, int]:
        characters: dict[str, set[str]] = defaultdict(set)
        for text in self.document.drawing.texts():
            for line in text.lines:
                characters[text.typeface].update(line.text)
        ids, entries = {}, []
        for key in sorted(characters):
            face = self.fonts.typeface(key)
            ids[key] = self.numbering.next()
            self.parts[f"Doc_0/Res/font_{key}.ttf"] = face.subset(characters[key]).data
            entries.append(_font_entry(ids[key], key, face))
        body = f"<ofd:Fonts>{''.join(entries)}</ofd:Fonts>" if entries else ""
        self._put("Doc_0/PublicRes.xml", f'<ofd:Res xmlns:ofd="{NAMESPACE}" BaseLoc="Res">{body}</ofd:Res>')
        return ids

    def _write_images(self) -> dict[bytes, int]:
        images = [
            as_png(item) if isinstance(item, Modules) else item.data
            for page in self.document.drawing.pages
            for item in page.variable
            if isinstance(item, Image | Modules)
        ]
        ids: dict[bytes, int] = {}
        entries = []
        for image in images:
            if image in ids:
                continue
            kind = "PNG" if image.startswith(b"\x89PNG") else "JPEG"
            name = f"image_{len(ids)}.{'png' if kind == 'PNG' else 'jpg'}"
            ids[image] = self.numbering.next()
            self.parts[f"Doc_0/Res/{name}"] = image
            entries.append(
                f'<ofd:MultiMedia ID="{ids[image]}" Type="Image" Format="{kind}">'
                f"<ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia>"
            )
        if entries:
            body = f"<ofd:MultiMedias>{''.join(entries)}</ofd:MultiMedias>"
            self._put("Doc_0/DocumentRes.xml", f'<ofd:Res xmlns:ofd="{NAMESPACE}" BaseLoc="Res">{body}</ofd:Res>')
        return ids

    def _write_page(self, index: int, page: DrawnPage, objects: ObjectWriter) -> None:
        template_id, page_id = self.numbering.next(), self.numbering.next()
        self.template_ids.append(template_id)
        self.page_ids.append(page_id)
        area = f"<ofd:Area><ofd:PhysicalBox>0 0 {number(page.width)} {number(page.height)}</ofd:PhysicalBox></ofd:Area>"
        fixed = "".join(objects.write(item, fixed=True)[1] for item in page.fixed)
        self._put(
            f"Doc_0/Tpls/Tpl_{index}/Content.xml",
            f'<ofd:Page xmlns:ofd="{NAMESPACE}">{area}<ofd:Content><ofd:Layer ID="{self.numbering.next()}" '
            f'Type="Background">{fixed}</ofd:Layer></ofd:Content></ofd:Page>',
        )
        variable = []
        for item in page.variable:
            object_id, xml = objects.write(item)
            variable.append(xml)
            field = getattr(item, "field", None)
            if field:
                self.field_objects[field].append((page_id, object_id))
        self._put(
            f"Doc_0/Pages/Page_{index}/Content.xml",
            f'<ofd:Page xmlns:ofd="{NAMESPACE}"><ofd:Template TemplateID="{template_id}" ZOrder="Background"/>{area}'
            f'<ofd:Content><ofd:Layer ID="{self.numbering.next()}" Type="Body">{"".join(variable)}</ofd:Layer>'
            f"</ofd:Content></ofd:Page>",
        )

    def _write_tags(self) -> None:
        """The index of fields: one element a field, named in Chinese, pointing at its objects (GB/T 36905)."""
        rows = []
        for field, objects in self.field_objects.items():
            name = self.document.field_names.get(field)
            if not name:
                continue
            refs = "".join(f'<ofd:ObjectRef PageRef="{page}">{item}</ofd:ObjectRef>' for page, item in objects)
            rows.append(f"<x:{name}>{refs}</x:{name}>")
        self._put(
            "Doc_0/Tags/CustomTag.xml",
            f'<x:fields xmlns:x="{TAG_NAMESPACE}" xmlns:ofd="{NAMESPACE}">{"".join(rows)}</x:fields>',
        )
        self._put(
            "Doc_0/Tags/CustomTags.xml",
            f'<ofd:CustomTags xmlns:ofd="{NAMESPACE}"><ofd:CustomTag NameSpace="{TAG_NAMESPACE}">'
            f"<ofd:FileLoc>CustomTag.xml</ofd:FileLoc></ofd:CustomTag></ofd:CustomTags>",
        )

    def _write_attachment(self) -> None:
        self.parts["Doc_0/Attachs/licence.xml"] = self.document.data_xml
        created = f"{_local(self.document.created_at):%Y-%m-%dT%H:%M:%S}"
        size = number(len(self.document.data_xml) / 1024)
        self._put(
            "Doc_0/Attachs/Attachments.xml",
            f'<ofd:Attachments xmlns:ofd="{NAMESPACE}"><ofd:Attachment ID="licence" Name="licence.xml" Format="xml" '
            f'CreationDate="{created}" Size="{size}" Visible="false"><ofd:FileLoc>licence.xml</ofd:FileLoc>'
            f"</ofd:Attachment></ofd:Attachments>",
        )

    def _write_document(self, *, has_images: bool) -> None:
        first = self.document.drawing.pages[0]
        resources = "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
        if has_images:
            resources += "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>"
        templates = "".join(
            f'<ofd:TemplatePage ID="{template}" ZOrder="Background" BaseLoc="Tpls/Tpl_{index}/Content.xml"/>'
            for index, template in enumerate(self.template_ids)
        )
        pages = "".join(
            f'<ofd:Page ID="{page}" BaseLoc="Pages/Page_{index}/Content.xml"/>'
            for index, page in enumerate(self.page_ids)
        )
        self._put(
            "Doc_0/Document.xml",
            f'<ofd:Document xmlns:ofd="{NAMESPACE}"><ofd:CommonData><ofd:MaxUnitID>{self.numbering.highest}'
            f"</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 {number(first.width)} {number(first.height)}"
            f"</ofd:PhysicalBox></ofd:PageArea>{resources}{templates}</ofd:CommonData><ofd:Pages>{pages}</ofd:Pages>"
            f"<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags>"
            f"<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments></ofd:Document>",
        )

    def _write_root(self) -> None:
        document = self.document
        custom = "".join(
            f"<ofd:CustomData Name={quoteattr(name)}>{escape(value)}</ofd:CustomData>"
            for name, value in document.metadata.items()
        )
        self._put(
            "OFD.xml",
            f'<ofd:OFD xmlns:ofd="{NAMESPACE}" Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
            f"<ofd:DocID>{document.document_id}</ofd:DocID><ofd:Title>{escape(document.title)}</ofd:Title>"
            f"<ofd:Author>{escape(document.author)}</ofd:Author>"
            f"<ofd:CreationDate>{_local(document.created_at):%Y-%m-%d}</ofd:CreationDate>"
            f"<ofd:Creator>{PRODUCER}</ofd:Creator><ofd:CustomDatas>{custom}</ofd:CustomDatas></ofd:DocInfo>"
            f"<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        )

    def _put(self, name: str, xml: str) -> None:
        self.parts[name] = (HEADER + xml).encode()

    def _zip(self) -> bytes:
        # OFD.xml first: a reader that streams knows at once what it has.
        names = ["OFD.xml", *sorted(name for name in self.parts if name != "OFD.xml")]
        local = _local(self.document.created_at)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as package:
            for name in names:
                entry = zipfile.ZipInfo(name, local.timetuple()[:6])
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                package.writestr(entry, self.parts[name])
        return buffer.getvalue()


def _font_entry(font_id: int, key: str, face: Typeface) -> str:
    bold = ' Bold="true"' if key == "bold" else ""
    fixed = ' FixedWidth="true"' if key == "mono" else ""
    return (
        f'<ofd:Font ID="{font_id}" FontName={quoteattr(face.postscript_name)} '
        f'FamilyName={quoteattr(face.family_name)} Charset="unicode"{bold}{fixed}>'
        f"<ofd:FontFile>font_{key}.ttf</ofd:FontFile></ofd:Font>"
    )


def _local(moment: datetime) -> datetime:
    """OFD's dates carry no zone; every reader takes them as China's time."""
    return moment.astimezone(CHINA)
