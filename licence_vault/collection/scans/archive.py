"""Files out of what was handed in: a ZIP, or files one by one. Bounded before anything is unpacked. Pure."""

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from kernel.errors import InvalidInput

MOST_MEMBERS, LARGEST_FILE, LARGEST_TOGETHER = 5000, 32 * 1024 * 1024, 1024 * 1024 * 1024
LONGEST_NAME = 200
SUFFIXES = (".pdf", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp")
_PAGE = re.compile(r"(?:[-_ .]\d{1,3}|[ ]?[(（]\d{1,3}[)）])$")
_UTF8_NAME = 0x800


@dataclass(frozen=True)
class ScanFile:
    """A file by its name, folders before it with `/`."""

    name: str
    data: bytes = field(repr=False)


def unpack(name: str, data: bytes) -> Iterator[ScanFile]:
    """The scans in a file: itself, or those in a ZIP. What is no picture or PDF by its name is passed over.

    Raises `InvalidInput` for a ZIP that is broken, encrypted, or unfolds too far.
    """
    if not data.startswith(b"PK\x03\x04"):
        if len(data) > LARGEST_FILE:
            raise InvalidInput("A scan may have at most {limit} MB.", limit=LARGEST_FILE // 1024 // 1024)
        yield ScanFile(PurePosixPath(name.replace("\\", "/")).name[-LONGEST_NAME:], data)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            wanted = [each for each in members if member_name(each).lower().endswith(SUFFIXES)]
            if len(members) > MOST_MEMBERS:
                raise InvalidInput("An archive may hold at most {limit} files.", limit=MOST_MEMBERS)
            if sum(each.file_size for each in wanted) > LARGEST_TOGETHER:
                raise InvalidInput("The archive unfolds too far.")
            for each in wanted:
                yield ScanFile(member_name(each), _unfolded(archive, each))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as failure:
        raise InvalidInput("The archive is broken or encrypted.", reason=type(failure).__name__) from failure


def member_name(member: zipfile.ZipInfo) -> str:
    """A member's name; those without the mark of UTF-8 are in GB 18030 on Chinese machines."""
    name = member.filename
    if not member.flag_bits & _UTF8_NAME:
        try:
            name = name.encode("cp437").decode("gb18030")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = member.filename
    parts = [each for each in name.replace("\\", "/").split("/") if each not in ("", ".", "..")]
    return "/".join(parts)[-LONGEST_NAME:]


def _unfolded(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """What a member says of its size is not believed."""
    with archive.open(member) as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise InvalidInput("A scan may have at most {limit} MB.", limit=LARGEST_FILE // 1024 // 1024)
    return data


def file_key(name: str) -> str:
    """A file's name as it is compared: no folders, no ending, one width, no case."""
    return _plain(PurePosixPath(name).stem)


def group_key(name: str) -> str:
    """What several sides of one licence have in common: the name without a page's number, or else their folder's."""
    path = PurePosixPath(name)
    stem = path.stem
    if stem.isdecimal() and len(stem) <= 3 and path.parent.name:
        return _plain(path.parent.name)
    return _plain(_PAGE.sub("", stem))


def key_of_text(text: str) -> str:
    """What a cell or a number would be called as a file."""
    path = PurePosixPath(text.replace("\\", "/"))
    return file_key(text) if path.suffix.lower() in SUFFIXES else _plain(path.name)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
