"""The OFD package: GB/T 33190's order and numbers, GB/T 36905's template page, index of fields and metadata."""

import io
import zipfile
from collections import defaultdict
from collections.abc import Callable

import pytest
from lxml import etree
from PIL import Image

from tests.licence_vault.layout.ofd_rules import complaints
from tests.licence_vault.layout.reading import Package, find, text_of
from tests.licence_vault.layout.samples import TYPE_FILES, example, shipped_type, small, small_face


def picture(format: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 40), (200, 30, 30)).save(buffer, format)
    return buffer.getvalue()


def with_photo(data: bytes) -> bytes:
    face = small_face()
    face["pages"].append({"elements": [{"kind": "image", "of": "fields.photo", "box": [10, 10, 30, 40]}]})
    return small("青禾", face=face, images={"fields.photo": data}).ofd


@pytest.mark.parametrize("name", TYPE_FILES)
def test_a_shipped_licence_keeps_every_rule(name: str) -> None:
    assert complaints(example(name).ofd) == []


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_so_does_one_of_two_pages_with_a_photograph(format: str) -> None:
    data = picture(format)
    package = with_photo(data)
    assert complaints(package) == []
    assert len(list(Package(package).pages())) == 2
    kept = Package(package).parts[f"Doc_0/Res/image_0.{'png' if format == 'PNG' else 'jpg'}"]
    with Image.open(io.BytesIO(kept)) as written, Image.open(io.BytesIO(data)) as given:
        assert written.format == given.format == format
        assert written.size == given.size


def _without(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda parts: parts.pop(name) and None


def _replaced(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("break_it", "complaint"),
    [
        (_without("Doc_0/Attachs/licence.xml"), "not there"),
        (_without("Doc_0/Res/value_regular.ttf"), "not there"),
        (_replaced("Doc_0/Document.xml", b"</ofd:MaxUnitID>", b"e-1</ofd:MaxUnitID>"), "MaxUnitID is less"),
        (_replaced("Doc_0/Document.xml", b'<ofd:TemplatePage ID="', b'<ofd:TemplatePage ID="9'), "uses the templates"),
        (_replaced("Doc_0/Tags/CustomTag.xml", b'PageRef="', b'PageRef="9'), "the index points to"),
        (_replaced("Doc_0/Pages/Page_0/Content.xml", b'Layer ID="', b'Layer ID="1" x="'), "given twice"),
        (_replaced("Doc_0/PublicRes.xml", b"<ofd:FontFile>", b"<ofd:FontFile/><ofd:FontFile>"), "not embedded"),
        (_replaced("OFD.xml", b"<ofd:DocID>", b"<ofd:DocID>-"), "DocID"),
        (_replaced("OFD.xml", b"<ofd:DocRoot>", b"<ofd:Signatures/><ofd:DocRoot>"), "order"),
    ],
)
def test_the_check_notices_a_broken_package(break_it: Callable[[dict[str, bytes]], None], complaint: str) -> None:
    package = Package(small("青禾").ofd)
    parts = dict(package.parts)
    break_it(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    found = complaints(buffer.getvalue())
    assert any(complaint in each for each in found)


@pytest.mark.parametrize("name", TYPE_FILES)
def test_labels_stand_on_the_template_and_values_on_the_page(name: str) -> None:
    sample, licence_type = example(name), shipped_type(name)
    pages = list(Package(sample.ofd).pages())
    fixed = [code.text for _id, _page, (template,) in pages for code in find(template, ".//ofd:TextCode")]
    variable = [code.text for _id, page, _templates in pages for code in find(page, ".//ofd:TextCode")]
    assert licence_type.name in fixed
    assert licence_type.name not in variable
    assert sample.values["holder.name"] in variable
    assert sample.values["holder.name"] not in fixed


@pytest.mark.parametrize("name", TYPE_FILES)
def test_the_index_leads_from_a_fields_chinese_name_to_its_text(name: str) -> None:
    sample, package = example(name), Package(example(name).ofd)
    pages = {page_id: page for page_id, page, _templates in package.pages()}
    told: dict[str, str] = {}
    for entry in package.xml("Doc_0/Tags/CustomTag.xml"):
        references = find(entry, "ofd:ObjectRef")
        objects = [find(pages[ref.get("PageRef") or ""], f".//*[@ID='{ref.text}']")[0] for ref in references]
        codes = [code.text or "" for each in objects for code in find(each, "ofd:TextCode")]
        name_ = etree.QName(entry).localname
        told[name_] = told.get(name_, "") + "".join("".join(codes).split())
    named: dict[str, str] = defaultdict(str)
    for of, value in sample.drawn_fields.items():
        named[sample.document.field_names[of]] += "".join(value.split())
    named |= {"持证主体": sample.values["holder.name"], "证照标识": sample.values["licence.identifier"]}
    assert {label: told.get(label) for label in named} == named


@pytest.mark.parametrize("name", TYPE_FILES)
def test_the_metadata_are_those_of_gbt_36903(name: str) -> None:
    sample = example(name)
    root = Package(sample.ofd).xml("OFD.xml")
    told = {each.get("Name"): each.text for each in find(root, ".//ofd:CustomData")}
    assert told == dict(sample.document.metadata)
    assert {"ZZBS", "ZZMC", "ZZLXDM", "ZZBH", "ZZBFJG", "ZZBFJGDM", "ZZBFRQ", "ZZYXQQSRQ", "ZZYXQJZRQ"} <= set(told)
    assert {"CZZT", "CZZTDM", "CZZTDMLX", "CZZTDMLXDM"} <= set(told)
    assert text_of(root, ".//ofd:CreationDate") == "2026-11-21"


@pytest.mark.parametrize("name", TYPE_FILES)
def test_the_data_travel_inside_as_xml(name: str) -> None:
    sample, package = example(name), Package(example(name).ofd)
    (entry,) = find(package.xml("Doc_0/Attachs/Attachments.xml"), "ofd:Attachment")
    assert entry.get("Name") == "licence.xml"
    data = package.xml(f"Doc_0/Attachs/{text_of(entry, 'ofd:FileLoc')}")
    fields = {f"fields.{each.get('name')}": each.text for each in data.iterfind("{urn:xinyin:licence}field")}
    assert fields == sample.fields


def test_markup_in_a_value_stays_text() -> None:
    text = "</ofd:TextCode> & <b>\"'"
    sample = small(text)
    assert complaints(sample.ofd) == []
    ((_id, page, _templates),) = Package(sample.ofd).pages()
    assert "".join(code.text or "" for code in find(page, ".//ofd:TextCode")).split() == text.split()
    assert text_of(Package(sample.ofd).xml("OFD.xml"), ".//ofd:Title") == sample.document.title
