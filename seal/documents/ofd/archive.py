"""ZIP as OFD uses it, read without trust and written in exactly one way.

The reader accepts stored and deflated entries that fill the file without gaps and whose two headers agree, so that no
byte of the archive can say one thing to us and another to a viewer. The writer stores (pictures and fonts dominate and
are compressed already): its bytes depend on the contents alone, on no zlib version, and each of them can be checked.
"""

import stat
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kernel.errors import InvalidInput

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_DESCRIPTOR = struct.Struct("<III")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK, _DESCRIPTOR_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _HAS_DESCRIPTOR, _UTF8 = 0x0001, 0x0008, 0x0800
_KNOWN_FLAGS = 0x0006 | _HAS_DESCRIPTOR | _UTF8  # 0x0006: how hard deflate tried
_ZIP64_SIZES = struct.Struct("<HHQQ")
_ZIP64_EXTRA, _IN_EXTRA = 0x0001, 0xFFFFFFFF
_MADE_ON_UNIX = 3
_LONGEST_COMMENT = 1024
_WRITTEN_VERSION = 20
_WRITTEN_DATE = 0x0021  # 1980-01-01, the earliest


class UnreadablePackage(InvalidInput):
    """The archive is damaged or built in a way that could mislead a reader. `entry` names the culprit when known."""

    code = "unreadable-package"

    def __init__(self, message: str, *, entry: str = "", **params: object) -> None:
        super().__init__(message, fields=(), reason=None, entry=entry, **params)
        self.entry = entry


@dataclass(frozen=True)
class ArchiveLimits:
    """How much a reader will take: entries, bytes after inflating, and how often more these are than the archive."""

    max_entries: int = 4096
    max_bytes: int = 256 * 1024 * 1024
    max_ratio: int = 200


class _Entry(NamedTuple):
    name: str
    raw_name: bytes
    version_needed: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    packed_size: int
    size: int
    offset: int


DEFAULT_LIMITS = ArchiveLimits()


def read_archive(data: bytes, limits: ArchiveLimits = DEFAULT_LIMITS) -> dict[str, bytes]:
    """The files of the archive by name, in the order of its directory, folders left out; raises `UnreadablePackage`."""
    entries, directory_start = _read_directory(data, limits)
    files: dict[str, bytes] = {}
    position = 0
    contents: dict[str, bytes] = {}
    for entry in sorted(entries, key=lambda each: each.offset):
        if entry.offset != position:
            raise UnreadablePackage("The archive has gaps or overlaps before {entry}.", entry=entry.name)
        contents[entry.name], position = _read_entry(data, entry)
    if position != directory_start:
        raise UnreadablePackage("The archive has hidden data before its directory.")
    for entry in entries:
        if entry.name.endswith("/"):
            if contents[entry.name]:
                raise UnreadablePackage("The folder {entry} has contents of its own.", entry=entry.name)
            continue
        files[entry.name] = contents[entry.name]
    return files


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """An archive of `files` in their order. The same files always give the same bytes."""
    body, directory = bytearray(), bytearray()
    for name, content in files.items():
        raw_name = name.encode()
        flags = 0 if name.isascii() else _UTF8
        facts = (flags, _STORED, 0, _WRITTEN_DATE, zlib.crc32(content), len(content), len(content), len(raw_name))
        directory += _CENTRAL.pack(_CENTRAL_MARK, _WRITTEN_VERSION, _WRITTEN_VERSION, *facts, 0, 0, 0, 0, 0, len(body))
        directory += raw_name
        body += _LOCAL.pack(_LOCAL_MARK, _WRITTEN_VERSION, *facts, 0) + raw_name + content
    count = len(files)
    end = _END.pack(_END_MARK, 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def _read_directory(data: bytes, limits: ArchiveLimits) -> tuple[list[_Entry], int]:
    end = _find_end(data)
    _mark, disk, first_disk, here, count, size, start, _comment = _END.unpack_from(data, end)
    if _IN_EXTRA in (size, start) or count == 0xFFFF:
        raise UnreadablePackage("The archive claims to be too large (ZIP64).")
    if disk or first_disk or here != count or start + size != end:
        raise UnreadablePackage("The archive's directory is damaged.")
    if count > limits.max_entries:
        raise UnreadablePackage("The archive has more than {limit} entries.", limit=limits.max_entries)
    entries, position = [], start
    for _ in range(count):
        entry, position = _read_directory_entry(data, position, end)
        entries.append(entry)
    if position != end:
        raise UnreadablePackage("The archive's directory is damaged.")
    _check_names(entries)
    total = sum(entry.size for entry in entries)
    if total > limits.max_bytes:
        raise UnreadablePackage("The archive holds more than {limit} MB.", limit=limits.max_bytes >> 20)
    if total > len(data) * limits.max_ratio:
        raise UnreadablePackage("The archive inflates to a suspicious size.")
    return entries, start


def _find_end(data: bytes) -> int:
    """Where the end record stands: nothing but the comment that it announces may follow."""
    if data[:4] not in (_LOCAL_MARK, _END_MARK):
        raise UnreadablePackage("The file is not an OFD package.")
    end = data.rfind(_END_MARK, max(0, len(data) - _END.size - _LONGEST_COMMENT))
    if end < 0 and data.rfind(_END_MARK) >= 0:
        raise UnreadablePackage("The archive has data after its end.")
    if end < 0 or end + _END.size > len(data):
        raise UnreadablePackage("The archive is cut off: its directory is missing.")
    (comment,) = struct.unpack_from("<H", data, end + _END.size - 2)
    if end + _END.size + comment != len(data):
        raise UnreadablePackage("The archive has data after its end.")
    return end


def _read_directory_entry(data: bytes, position: int, end: int) -> tuple[_Entry, int]:
    if position + _CENTRAL.size > end:
        raise UnreadablePackage("The archive's directory is damaged.")
    (mark, made_by, needed, flags, method, time, date, crc, packed, size, name_length, extra_length,
     comment_length, disk, _attributes, system_attributes, offset) = _CENTRAL.unpack_from(data, position)  # fmt: skip
    name_start = position + _CENTRAL.size
    after = name_start + name_length + extra_length + comment_length
    if mark != _CENTRAL_MARK or disk or comment_length or after > end:
        raise UnreadablePackage("The archive's directory is damaged.")
    raw_name = data[name_start : name_start + name_length]
    name = _decode_name(raw_name, flags)
    if flags & _ENCRYPTED:
        raise UnreadablePackage("The archive's entry {entry} is encrypted.", entry=name)
    if made_by >> 8 == _MADE_ON_UNIX and stat.S_ISLNK(system_attributes >> 16):
        raise UnreadablePackage("The archive's entry {entry} is a link.", entry=name)
    if _IN_EXTRA in (packed, size, offset):
        raise UnreadablePackage("The archive claims to be too large (ZIP64).", entry=name)
    if flags & ~_KNOWN_FLAGS or method not in (_STORED, _DEFLATED):
        raise UnreadablePackage("The archive's entry {entry} is packed in an unknown way.", entry=name)
    return _Entry(name, raw_name, needed, flags, method, time, date, crc, packed, size, offset), after


def _decode_name(raw: bytes, flags: int) -> str:
    for encoding in ("utf-8",) if flags & _UTF8 else ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadablePackage("The archive has an entry whose name cannot be read.")


def _check_names(entries: list[_Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.name
        parts = name.removesuffix("/").split("/")
        if "\\" in name or ":" in name or any(part in ("", ".", "..") for part in parts) or not name.isprintable():
            raise UnreadablePackage("The archive has an entry with the unsafe name {entry}.", entry=ascii(name)[:80])
        # Case alone must not tell two files apart: a viewer on another system would show the other one.
        key = name.removesuffix("/").casefold()
        if key in seen:
            raise UnreadablePackage("The archive has {entry} twice.", entry=name)
        seen.add(key)


def _read_entry(data: bytes, entry: _Entry) -> tuple[bytes, int]:
    """The contents of one entry and where it ends; its local header must repeat the directory."""
    start = entry.offset + _LOCAL.size
    if start > len(data):
        raise _damaged(entry)
    mark, *facts, crc, packed, size, name_length, extra_length = _LOCAL.unpack_from(data, entry.offset)
    stated = [entry.version_needed, entry.flags, entry.method, entry.time, entry.date]
    if entry.name.isascii():  # makers set the mark for UTF-8 names in one place only; here it changes nothing
        stated[1], facts[1] = stated[1] | _UTF8, facts[1] | _UTF8
    body = start + name_length + extra_length
    after = body + entry.packed_size
    sizes = (crc, packed, size)
    if packed == size == _IN_EXTRA:
        sizes = (crc, *_zip64_sizes(data[start + name_length : body]))
    deferred = bool(entry.flags & _HAS_DESCRIPTOR) and sizes == (0, 0, 0)
    if mark != _LOCAL_MARK or facts != stated or data[start : start + name_length] != entry.raw_name:
        raise _damaged(entry)
    if not deferred and sizes != (entry.crc, entry.packed_size, entry.size):
        raise _damaged(entry)
    content = _unpack(data[body:after], entry)
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise _damaged(entry)
    return content, _after_descriptor(data, after, entry)


def _zip64_sizes(extra: bytes) -> tuple[int, int]:
    """Packed and plain size as streaming writers put them behind a local header; both must be there."""
    position = 0
    while position + _ZIP64_SIZES.size <= len(extra):
        kind, length, plain, packed = _ZIP64_SIZES.unpack_from(extra, position)
        if kind == _ZIP64_EXTRA and length >= 16:
            return packed, plain
        position += 4 + length
    return -1, -1


def _unpack(packed: bytes, entry: _Entry) -> bytes:
    if len(packed) != entry.packed_size:
        raise _damaged(entry)
    if entry.method == _STORED:
        return packed
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, entry.size + 1)
    except zlib.error as failure:
        raise _damaged(entry) from failure
    if inflater.unused_data or inflater.unconsumed_tail or not inflater.eof:
        raise _damaged(entry)
    return content


def _after_descriptor(data: bytes, position: int, entry: _Entry) -> int:
    if not entry.flags & _HAS_DESCRIPTOR:
        return position
    if data[position : position + 4] == _DESCRIPTOR_MARK:
        position += 4
    if data[position : position + _DESCRIPTOR.size] != _DESCRIPTOR.pack(entry.crc, entry.packed_size, entry.size):
        raise _damaged(entry)
    return position + _DESCRIPTOR.size


def _damaged(entry: _Entry) -> UnreadablePackage:
    return UnreadablePackage("The file {entry} in the archive is damaged or was changed.", entry=entry.name)
