"""An OFD package in memory: its files by name, read under limits and written reproducibly."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Self

from seal.documents.ofd import markup
from seal.documents.ofd.archive import DEFAULT_LIMITS, ArchiveLimits, UnreadablePackage, read_archive, write_archive
from seal.documents.ofd.locating import Locator
from seal.documents.ofd.markup import Node

ROOT_FILE = "OFD.xml"
_DOCTYPE = "<!DOCTYPE"
_WIDE_DOCTYPES = tuple(_DOCTYPE.encode(encoding) for encoding in ("utf-16-le", "utf-16-be"))


@dataclass(frozen=True)
class OfdPackage:
    """The files of an OFD, in the order of the archive. Immutable; `with_files` gives a changed copy."""

    files: Mapping[str, bytes]

    @classmethod
    def read(cls, data: bytes, limits: ArchiveLimits = DEFAULT_LIMITS) -> Self:
        """Read an archive that nobody vouches for; raises `UnreadablePackage`."""
        files = read_archive(data, limits)
        for name, content in files.items():
            if name.lower().endswith(".xml") and _has_doctype(content):
                raise UnreadablePackage("The file {entry} has a DOCTYPE.", entry=name)
        package = cls(MappingProxyType(files))
        if package.find(ROOT_FILE) is None:
            raise UnreadablePackage("The file is not an OFD package.")
        return package

    def to_bytes(self) -> bytes:
        """The archive; the same files always give the same bytes."""
        return write_archive(self.files)

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self.files)

    def find(self, location: str, *, seen_from: str = "") -> str | None:
        """The name of the file at `location` as written in the file `seen_from`."""
        return self._locator.find(location, seen_from=seen_from)

    def locate(self, location: str, *, seen_from: str = "") -> str:
        """As `find`; raises `UnreadablePackage` when there is no such file."""
        name = self.find(location, seen_from=seen_from)
        if name is None:
            raise UnreadablePackage("The package has no file {entry}.", entry=location[:200])
        return name

    def parse(self, name: str) -> Node:
        """The root element of an XML file; raises `UnreadablePackage`."""
        return markup.parse(self.files[name], name)

    def with_files(self, changes: Mapping[str, bytes]) -> "OfdPackage":
        """A copy in which `changes` replace files of the same name or are added at the end."""
        return OfdPackage(MappingProxyType({**self.files, **changes}))


def _has_doctype(content: bytes) -> bool:
    """Anywhere, in any encoding that XML readers know by themselves; UTF-16 has zeroes, which are looked for first."""
    return _DOCTYPE.encode() in content or (0 in content and any(mark in content for mark in _WIDE_DOCTYPES))
