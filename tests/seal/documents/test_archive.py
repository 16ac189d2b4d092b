"""The package reader takes honest archives and nothing that could mislead."""

import struct
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal.documents.ofd.archive import ArchiveLimits, UnreadablePackage, read_archive, write_archive
from seal.documents.ofd.package import OfdPackage
from tests.seal.ofd_samples import minimal_files, zipped

FILES = minimal_files()
names = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12)


@given(st.dictionaries(names, st.binary(max_size=200), max_size=6))
def test_what_is_written_is_read_by_us_and_by_python(files: dict[str, bytes]) -> None:
    unique = {name.casefold(): (name, content) for name, content in files.items()}
    files = dict(unique.values())

    archive = write_archive(files)

    assert read_archive(archive) == files
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == files
        assert opened.testzip() is None


def test_the_same_files_give_the_same_bytes() -> None:
    assert write_archive(FILES) == write_archive(dict(FILES))
    assert OfdPackage.read(zipped(FILES)).to_bytes() == write_archive(FILES)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_of_ordinary_programs_are_read(method: int) -> None:
    assert read_archive(zipped(FILES, method=method)) == FILES


def test_archives_written_to_a_pipe_are_read() -> None:
    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *arguments: int) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)

    assert read_archive(pipe.getvalue()) == FILES


def test_folders_are_left_out() -> None:
    assert read_archive(zipped({"Doc_0/": b"", **FILES})) == FILES


@pytest.mark.parametrize(
    "name",
    [
        "../evil.xml",
        "Doc_0/../../evil",
        "/etc/passwd",
        "Doc_0\\evil.xml",
        "C:evil",
        "Doc_0//x",
        "./x",
        "a\u202egnp.xml",
    ],
)
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(UnreadablePackage):
        read_archive(write_archive({**FILES, name: b"x"}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["OFD.xml", "ofd.XML"])
def test_a_name_that_occurs_twice_is_refused(name: str) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for each, content in [*FILES.items(), (name, b"<other/>")]:
            archive.writestr(each, content)

    with pytest.raises(UnreadablePackage, match="twice"):
        read_archive(buffer.getvalue())


def test_encrypted_entries_are_refused() -> None:
    archive = bytearray(zipped(FILES))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = archive.find(mark) + offset
        archive[position] |= 1

    with pytest.raises(UnreadablePackage, match="encrypted"):
        read_archive(bytes(archive))


def test_a_zip_bomb_is_refused_before_it_is_inflated() -> None:
    bomb = zipped({**FILES, "Doc_0/bomb": bytes(50 * 1024 * 1024)})

    with pytest.raises(UnreadablePackage, match="suspicious size"):
        read_archive(bomb)


def test_an_entry_that_inflates_to_more_than_it_says_is_refused() -> None:
    archive = bytearray(zipped({"OFD.xml": bytes(10_000)}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", archive, archive.find(mark) + offset, 100)

    with pytest.raises(UnreadablePackage, match="damaged"):
        read_archive(bytes(archive))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (ArchiveLimits(max_entries=3), "more than 3 entries"),
        (ArchiveLimits(max_bytes=1 << 20), "more than 1 MB"),
    ],
)
def test_limits_hold(limits: ArchiveLimits, message: str) -> None:
    archive = write_archive({**FILES, "Doc_0/large": bytes(2 << 20)})

    with pytest.raises(UnreadablePackage, match=message):
        read_archive(archive, limits)


def test_hidden_data_is_refused() -> None:
    archive = write_archive(FILES)
    directory = archive.find(b"PK\x01\x02")
    end = bytearray(archive[directory:])
    struct.pack_into("<I", end, len(end) - 6, directory + 4)

    for hiding in (b"data" + archive, archive + b"data", archive[:directory] + b"data" + bytes(end)):
        with pytest.raises(UnreadablePackage):
            read_archive(hiding)


def test_two_headers_that_disagree_are_refused() -> None:
    archive = bytearray(write_archive({"OFD.xml": b"<a/>", "x.xml": b"<b/>"}))
    archive[archive.find(b"x.xml") : archive.find(b"x.xml") + 1] = b"y"

    with pytest.raises(UnreadablePackage, match="damaged or was changed"):
        read_archive(bytes(archive))


@pytest.mark.parametrize("length", range(0, 1500, 37))
def test_every_cut_is_noticed(length: int) -> None:
    archive = write_archive(FILES)

    with pytest.raises(UnreadablePackage):
        read_archive(archive[: min(length, len(archive) - 1)])


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_unreadable_and_nothing_else(data: bytes) -> None:
    for prefix in (b"", b"PK\x03\x04"):
        with pytest.raises(UnreadablePackage):
            OfdPackage.read(prefix + data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_doctype_is_refused_in_every_encoding(encoding: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'.encode(encoding)

    with pytest.raises(UnreadablePackage, match="DOCTYPE"):
        OfdPackage.read(zipped({**FILES, "Doc_0/Tags/CustomTag.xml": bomb}))
