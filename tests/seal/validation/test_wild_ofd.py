"""OFD files as they come: each is judged and drawn without an exception, or refused by a named error.

The files of other makers in `tests/vectors/seal` are always tried. `XINYIN_OFD_CORPUS` names a folder with more: any
collection of OFD files. None is kept here, since hardly any says under which licence it may be passed on.
"""

import os
import struct
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import Conflict, InvalidInput
from seal.documents.ofd.archive import UnreadablePackage, read_archive, write_archive
from seal.documents.ofd.document import load_documents, load_pages
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.rendering.page import render_page
from seal.structures.gbt38540 import load_seal_signature
from seal.validation.report import Indication
from seal.validation.service import validate_document
from seal.validation.trust import TrustStore
from tests.seal.files import Judge, sealed_ofd
from tests.seal.ofd_samples import minimal_files, minimal_ofd, zipped
from tests.seal.pki import NOW, SealPki

VECTORS = Path(__file__).parents[2] / "vectors" / "seal"


def collected() -> list[Path]:
    """Every OFD at hand."""
    more = os.environ.get("XINYIN_OFD_CORPUS")
    folders = [VECTORS, *([Path(more)] if more else [])]
    return sorted(path for folder in folders for path in folder.rglob("*.ofd"))


@pytest.mark.parametrize("path", collected(), ids=lambda path: path.stem[-60:])
def test_a_file_of_another_maker_is_judged_and_drawn(path: Path) -> None:
    data = path.read_bytes()

    report = validate_document(data, TrustStore(), at=NOW)

    assert report.to_dict()["indication"] != Indication.PASSED, "nobody is trusted here"
    assert [check.name for check in report.checks] != ["Format"], "this check stands for an exception that escaped"
    with suppress(InvalidInput):
        assert render_page(data, 1, 40).startswith(b"\x89PNG")


Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def _edited(ending: str, edit: Callable[[bytes], bytes]) -> Change:
    return lambda files: {name: edit(data) if name.endswith(ending) else data for name, data in files.items()}


def _everywhere(edit: Callable[[bytes], bytes]) -> Change:
    return _edited(".xml", edit)


@pytest.mark.parametrize(
    "change",
    [
        _everywhere(lambda data: b"\xef\xbb\xbf" + data),
        _everywhere(lambda data: data.replace(b"http://www.ofdspec.org/2016", b"http://www.ofdspec.org")),
        _everywhere(lambda data: data.replace(b"ofd:", b"").replace(b"xmlns:ofd", b"xmlns").replace(b":ofd=", b"=")),
        _everywhere(lambda data: data.replace(b"ofd:", b"x:").replace(b"xmlns:ofd", b"xmlns:x")),
        _everywhere(lambda data: data.decode().replace('"UTF-8"', '"GBK"').encode("gbk")),
        _everywhere(lambda data: data.replace(b'"UTF-8"', b'"GB2312"')),
        _edited("OFD.xml", lambda data: data.replace(b"Doc_0/Document.xml", b"/Doc_0/Document.xml")),
        _edited("OFD.xml", lambda data: data.replace(b"Doc_0/Document.xml", b".\\DOC_0\\document.XML")),
        _edited("Document.xml", lambda data: data.replace(b"Pages/Page_0", b"/Doc_0/Pages/Page_0")),
        _edited("Document.xml", lambda data: data.replace(b"Pages/Page_0", b"Doc_0/Pages/Page_0")),
    ],
    ids=[
        "BOM",
        "old namespace",
        "no prefix",
        "prefix",
        "GBK",
        "mislabelled",
        "absolute",
        "backslash",
        "rooted",
        "root",
    ],
)
def test_what_real_makers_write_is_read_and_sealed(pki: SealPki, change: Change) -> None:
    data = zipped(change(minimal_files()))

    package = OfdPackage.read(data)
    (document,) = load_documents(package)

    assert len(load_pages(package, document.document_file)) == 1
    assert render_page(data, 1, 40).startswith(b"\x89PNG")
    assert Judge(pki).report(sealed_ofd(pki, data)).indication is Indication.PASSED


def test_a_signature_without_a_type_is_a_seal(pki: SealPki) -> None:
    files = read_archive(sealed_ofd(pki, minimal_ofd()))
    listed = "Doc_0/Signs/Signatures.xml"

    report = Judge(pki).report(write_archive(files | {listed: files[listed].replace(b' Type="Seal"', b"")}))

    assert report.signatures[0].kind == "SES"
    assert {check.result.value for check in report.signatures[0].checks} <= {"PASSED", "WARNING"}


def boundaries(data: bytes) -> Iterator[int]:
    """Where something of the archive's structure begins or ends: every header field, name, entry and the directory."""
    position = 0
    while data[position : position + 4] == b"PK\x03\x04":
        size, name = struct.unpack_from("<I", data, position + 18)[0], struct.unpack_from("<H", data, position + 26)[0]
        yield from range(position, position + 30 + name)
        yield from (position + 30 + name, position + 29 + name + size)
        position += 30 + name + size
    yield from range(position, len(data))


def der_boundaries(data: bytes, start: int, end: int) -> Iterator[int]:
    """Tags, lengths, first and last bytes of every element of DER between two positions."""
    while start < end:
        length, head = data[start + 1], 2
        if length & 0x80:
            head += length & 0x7F
            length = int.from_bytes(data[start + 2 : start + head], "big")
        yield from range(start, start + head)
        if length:
            yield from (start + head, start + head + length - 1)
        if data[start] & 0x20:
            yield from der_boundaries(data, start + head, start + head + length)
        start += head + length


def test_no_structural_byte_of_a_sealed_file_is_free(pki: SealPki) -> None:
    sealed = sealed_ofd(pki, minimal_ofd())
    judge = Judge(pki)
    value = read_archive(sealed)["Doc_0/Signs/Sign_0/SignedValue.dat"]
    start = sealed.index(value)
    assert load_seal_signature(value)
    positions = {*boundaries(sealed), *der_boundaries(sealed, start, start + len(value))}

    passed = [
        position
        for position in sorted(positions)
        for mask in (0x01, 0x80)
        if judge.report(_flipped(sealed, position, mask)).indication is Indication.PASSED
    ]

    assert len(positions) > 900
    assert passed == []


def test_no_byte_of_the_xml_of_a_sealed_file_is_free_though_checksums_are_mended(pki: SealPki) -> None:
    files = read_archive(sealed_ofd(pki, minimal_ofd()))
    judge = Judge(pki)

    passed = []
    for name, content in files.items():
        marks = [index for index, byte in enumerate(content) if name.endswith(".xml") and byte in b'<>="/ :']
        for position in marks[:: max(1, len(marks) // 40)]:
            changed = write_archive(files | {name: _flipped(content, position, 0x02)})
            if judge.report(changed).indication is Indication.PASSED:
                passed.append((name, position))

    assert passed == []


def _flipped(data: bytes, position: int, mask: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= mask
    return bytes(changed)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mangled_file_is_read_or_refused_by_name(data: st.DataObject) -> None:
    """Cuts, insertions, changes and repetitions anywhere: nothing but the named errors, from reader and renderer."""
    mangled = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(mangled)))
        match data.draw(st.sampled_from(["cut", "change", "insert", "repeat"])):
            case "cut":
                del mangled[position : position + data.draw(st.integers(1, 40))]
            case "change":
                mangled[position : position + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "insert":
                mangled[position:position] = data.draw(st.binary(min_size=1, max_size=12))
            case "repeat":
                mangled[position:position] = mangled[position : position + 60]
    with suppress(InvalidInput):
        render_page(bytes(mangled), 1, 20)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["OFD.xml", "Doc_0/Document.xml", "Doc_0/PublicRes.xml", "Doc_0/Pages/Page_0/Content.xml"]),
    st.integers(0, 400),
    st.text(max_size=20),
)
def test_mangled_xml_is_read_or_refused_by_name(name: str, position: int, text: str) -> None:
    files = minimal_files()
    files[name] = files[name][:position] + text.encode("utf-8", "surrogatepass") + files[name][position:]
    data = zipped(files)

    with suppress(InvalidInput):
        render_page(data, 1, 20)
    report = validate_document(data, TrustStore(), at=NOW)
    assert [check.name for check in report.checks] != ["Format"]


SAMPLE = write_archive(minimal_files())


def _zip64_lie() -> bytes:
    data = bytearray(zipped(minimal_files()))
    end = data.rindex(b"PK\x05\x06")
    data[end + 10 : end + 12] = b"\xff\xff"
    return bytes(data)


def _link() -> bytes:
    data = bytearray(zipped(minimal_files()))
    first = data.index(b"PK\x01\x02")
    data[first + 5] = 3
    data[first + 38 : first + 42] = (0o120777 << 16).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_zip64_lie(), "ZIP64"),
        (_link(), "is a link"),
        (SAMPLE + b"more", "after its end"),
        (SAMPLE + bytes(70_000), "after its end"),
        (SAMPLE[:-30], "its directory is missing"),
        (b"PK\x03\x04" + b64encode(bytes(100)), "its directory is missing"),
        (b"%PDF-1.7", "not an OFD package"),
    ],
)
def test_dangerous_archives_are_refused_for_a_named_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePackage) as refusal:
        OfdPackage.read(data)

    assert reason in refusal.value.message


def test_streamed_sizes_in_zip64_fields_are_read_when_they_are_true() -> None:
    """Some writers put 0xFFFFFFFF and a ZIP64 field behind a local header, and the sizes into the directory."""
    plain = {"OFD.xml": b"x"}
    honest, lying = (_with_local_zip64(plain, size) for size in (1, 2))

    assert read_archive(honest) == plain
    with pytest.raises(UnreadablePackage):
        read_archive(lying)


def _with_local_zip64(files: dict[str, bytes], size: int) -> bytes:
    data = write_archive(files)
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    name = data[30:37]
    local = data[:18] + b"\xff" * 8 + struct.pack("<HH", 7, len(extra)) + name + extra + b"x"
    directory = data[data.index(b"PK\x01\x02") : data.index(b"PK\x05\x06")]
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(local), 0)
    return local + directory + end


def test_an_unknown_character_set_is_refused() -> None:
    files = minimal_files()
    files["OFD.xml"] = files["OFD.xml"].replace(b"UTF-8", b"UTF-7")

    with pytest.raises(UnreadablePackage, match="unknown character set"):
        load_documents(OfdPackage.read(zipped(files)))


def test_sealing_refuses_a_document_whose_list_of_signatures_is_gone(pki: SealPki) -> None:
    files = read_archive(sealed_ofd(pki, minimal_ofd()))
    del files["Doc_0/Signs/Signatures.xml"]

    with pytest.raises(Conflict, match="names a signature that it does not contain"):
        sealed_ofd(pki, write_archive(files))
