"""Attacks on the archive around a sealed OFD: readers that disagree, names that escape, sizes that explode."""

import struct
import zipfile
from collections.abc import Callable
from io import BytesIO

from seal.documents.ofd.archive import write_archive
from tests.verify.corpus.case import case, family, flip, swap
from tests.verify.corpus.material import Material

PAGE = "Doc_0/Pages/Page_0/Content.xml"
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def zipped(entries: list[tuple[str, bytes]], *, method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    """An archive as a common program writes it; a name may come twice."""
    output = BytesIO()
    with zipfile.ZipFile(output, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, method)
        archive.comment = comment
    return output.getvalue()


def with_entry(material: Material, name: str, content: bytes = b"x") -> bytes:
    """The sealed files and one more, well-formed otherwise."""
    return write_archive({**material.files, name: content})


family(
    "ofd",
    "cut_off",
    "The file ends early",
    [
        (f"at_{percent}_percent", lambda material, percent=percent: material.ofd[: len(material.ofd) * percent // 100])
        for percent in (0, 1, 5, 25, 50, 75, 90, 99)
    ],
)


def _boundary(mark: bytes, which: int, offset: int = 0) -> Callable[[Material], bytes]:
    def cut(material: Material) -> bytes:
        data, at = material.ofd, -1
        for _ in range(which):
            at = data.index(mark, at + 1)
        return data[: at + offset]

    return cut


family(
    "ofd",
    "cut_at_boundary",
    "The file ends at a boundary of the archive's structure",
    [
        ("before_the_second_entry", _boundary(_LOCAL, 2)),
        ("inside_an_entry_header", _boundary(_LOCAL, 2, 15)),
        ("before_the_directory", _boundary(_CENTRAL, 1)),
        ("inside_the_directory", _boundary(_CENTRAL, 3, 20)),
        ("before_the_end_record", _boundary(_END, 1)),
        ("inside_the_end_record", _boundary(_END, 1, 10)),
        ("before_the_last_byte", lambda material: material.ofd[:-1]),
    ],
)


@case("ofd")
def duplicate_entry_fail(material: Material) -> bytes:
    """The page stands twice in the archive: readers choose differently."""
    return zipped([*material.files.items(), (PAGE, b"<x/>")])


@case("ofd")
def duplicate_entry_before_fail(material: Material) -> bytes:
    """A forged page stands before the sealed one under the same name."""
    return zipped([(PAGE, b"<x/>"), *material.files.items()])


@case("ofd")
def duplicate_but_for_case_fail(material: Material) -> bytes:
    """Two names differ in upper and lower case alone, which some file systems do not tell apart."""
    return with_entry(material, PAGE.lower(), b"<x/>")


@case("ofd")
def duplicate_by_backslash_fail(material: Material) -> bytes:
    """A name with backslashes unpacks over the page on Windows."""
    return with_entry(material, PAGE.replace("/", "\\"))


@case("ofd")
def duplicate_by_dots_fail(material: Material) -> bytes:
    """A name with `./` unpacks over the page."""
    return with_entry(material, "./" + PAGE)


@case("ofd")
def path_traversal_fail(material: Material) -> bytes:
    """An entry climbs out of the folder that it is unpacked to."""
    return with_entry(material, "../../../../etc/cron.d/x")


@case("ofd")
def path_traversal_inside_fail(material: Material) -> bytes:
    """An entry climbs within the package to another file's place."""
    return with_entry(material, "Doc_0/Res/../Pages/Page_0/Content.xml")


@case("ofd")
def absolute_path_fail(material: Material) -> bytes:
    """An entry has an absolute path."""
    return with_entry(material, "/etc/passwd")


@case("ofd")
def drive_letter_fail(material: Material) -> bytes:
    """An entry names a drive."""
    return with_entry(material, "C:/Windows/x")


@case("ofd")
def zero_in_name_fail(material: Material) -> bytes:
    """An entry's name holds a zero byte, where some readers stop."""
    return with_entry(material, PAGE + "\0.png")


@case("ofd")
def symbolic_link_fail(material: Material) -> bytes:
    """An entry is a symbolic link out of the package."""
    output = BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, content in material.files.items():
            archive.writestr(name, content)
        link = zipfile.ZipInfo("Doc_0/Res/link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return output.getvalue()


@case("ofd")
def reference_climbs_out_fail(material: Material) -> bytes:
    """OFD.xml leads to a document outside the package."""
    root = swap(material.files["OFD.xml"], b">Doc_0/Document.xml<", b">../../../etc/passwd<")
    return material.repacked({"OFD.xml": root})


@case("ofd")
def zip_bomb_fail(material: Material) -> bytes:
    """A small archive inflates to a quarter of a gigabyte."""
    return zipped([*material.files.items(), ("Doc_0/Res/bomb", bytes(250 << 20))], method=zipfile.ZIP_DEFLATED)


@case("ofd")
def many_small_bombs_fail(material: Material) -> bytes:
    """Each entry inflates a thousandfold, none is large."""
    bombs = [(f"Doc_0/Res/bomb_{number}", bytes(1 << 20)) for number in range(100)]
    return zipped([*material.files.items(), *bombs], method=zipfile.ZIP_DEFLATED)


@case("ofd")
def endless_entries_fail(material: Material) -> bytes:
    """The archive has tens of thousands of entries."""
    return zipped([*material.files.items(), *((f"Doc_0/Res/{number}", b"") for number in range(30_000))])


@case("ofd")
def overlapping_entries_fail(material: Material) -> bytes:
    """Two entries of the directory share the same bytes, as the most efficient bombs do."""
    data = bytearray(material.ofd)
    first = data.index(_CENTRAL)
    second = data.index(_CENTRAL, first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


@case("ofd")
def size_understated_fail(material: Material) -> bytes:
    """The directory states a smaller size than the entry has."""
    data = bytearray(material.ofd)
    at = data.index(_CENTRAL) + 24
    (size,) = struct.unpack_from("<I", data, at)
    struct.pack_into("<I", data, at, size - 1)
    return bytes(data)


@case("ofd")
def size_overstated_fail(material: Material) -> bytes:
    """The directory states a size of four gigabytes."""
    data = bytearray(material.ofd)
    struct.pack_into("<I", data, data.index(_CENTRAL) + 24, 0xFFFFFFF0)
    return bytes(data)


@case("ofd")
def checksum_wrong_fail(material: Material) -> bytes:
    """An entry's checksum is not that of its contents."""
    data = bytearray(material.ofd)
    data[data.index(_CENTRAL) + 16] ^= 1
    return bytes(data)


@case("ofd")
def headers_disagree_fail(material: Material) -> bytes:
    """The name before an entry is another than the one in the directory."""
    return material.ofd.replace(b"Page_0/Content.xml", b"Page_9/Content.xml", 1)


@case("ofd")
def encrypted_entry_fail(material: Material) -> bytes:
    """An entry claims to be encrypted."""
    data = bytearray(material.ofd)
    data[data.index(_CENTRAL) + 8] |= 1
    data[data.index(_LOCAL) + 6] |= 1
    return bytes(data)


@case("ofd")
def unknown_compression_fail(material: Material) -> bytes:
    """The entries are compressed in a way that verifiers of OFD need not know."""
    return zipped(list(material.files.items()), method=zipfile.ZIP_BZIP2)


@case("ofd")
def bytes_between_entries_fail(material: Material) -> bytes:
    """Bytes that belong to no entry lie between two."""
    at = material.ofd.index(_LOCAL, 4)
    return material.ofd[:at] + b"hidden" + material.ofd[at:]


@case("ofd")
def bytes_before_the_archive_fail(material: Material) -> bytes:
    """Another file stands before the archive: a viewer may open that one."""
    return b"%PDF-1.7\n%%EOF\n" + material.ofd


@case("ofd")
def bytes_after_the_archive_fail(material: Material) -> bytes:
    """Bytes follow the archive."""
    return material.ofd + b"hidden"


@case("ofd")
def archive_comment_fail(material: Material) -> bytes:
    """The archive carries a comment that nobody signed."""
    return zipped(list(material.files.items()), comment=b"valid until 2099")


@case("ofd")
def second_archive_after_fail(material: Material) -> bytes:
    """A forged archive follows the sealed one: readers that look from the end see the forgery."""
    return material.ofd + write_archive({**material.files, PAGE: b"<x/>"})


@case("ofd")
def second_archive_before_fail(material: Material) -> bytes:
    """A forged archive stands before the sealed one: readers that look from the start see the forgery."""
    return write_archive({**material.files, PAGE: b"<x/>"}) + material.ofd


@case("ofd")
def written_anew_fail(material: Material) -> bytes:
    """The same files in an archive of another writer: not the file that the house sealed."""
    return zipped(list(material.files.items()))


@case("ofd")
def entries_reordered_fail(material: Material) -> bytes:
    """The same files in another order."""
    return write_archive(dict(reversed(material.files.items())))


@case("ofd")
def archive_of_many_disks_fail(material: Material) -> bytes:
    """The archive claims to be the second of two disks."""
    data = bytearray(material.ofd)
    data[data.rindex(_END) + 4] = 1
    return bytes(data)


@case("ofd")
def zip64_claimed_fail(material: Material) -> bytes:
    """The end record refers to ZIP64 fields that are not there."""
    data = bytearray(material.ofd)
    struct.pack_into("<I", data, data.rindex(_END) + 16, 0xFFFFFFFF)
    return bytes(data)


family(
    "ofd",
    "bit_flipped",
    "One bit of the file is changed",
    [
        (
            f"at_{percent}_percent",
            lambda material, percent=percent: flip(material.ofd, len(material.ofd) * percent // 100),
        )
        for percent in (0, 12, 33, 47, 68, 81, 95, 99)
    ],
)


@case("ofd")
def deep_nesting_fail(material: Material) -> bytes:
    """OFD.xml is nested a hundred thousand deep."""
    return material.repacked({"OFD.xml": b"<a>" * 100_000 + b"</a>" * 100_000})


@case("ofd")
def empty_archive_fail(material: Material) -> bytes:
    """An archive without files."""
    return write_archive({})
