"""A package of one or more documents, each perhaps in several versions (GB/T 33190-2016 ch. 6, 7.3, 21)."""

from dataclasses import dataclass, field
from datetime import datetime

from seal.documents.ofd.archive import write_archive
from seal.documents.ofd.writing.document import Beginning, DocumentWriter
from seal.documents.ofd.writing.elements import day, element, root_element, text_element
from seal.documents.ofd.writing.information import DocumentInformation


@dataclass(frozen=True, slots=True)
class _Version:
    name: str
    created: datetime
    writer: DocumentWriter


@dataclass(slots=True)
class _Body:
    information: DocumentInformation
    folder: str
    first: DocumentWriter
    versions: list[_Version] = field(default_factory=list)

    @property
    def current(self) -> DocumentWriter:
        """What a reader shows first."""
        return self.versions[-1].writer if self.versions else self.first


class PackageWriter:
    """Collects documents; `write_files` gives the package's files, `write` the archive."""

    def __init__(self) -> None:
        """Empty."""
        self._bodies: list[_Body] = []

    def add_document(self, information: DocumentInformation, beginning: Beginning | None = None) -> DocumentWriter:
        """A document, which may begin with what others have too."""
        folder = f"Doc_{len(self._bodies)}"
        body = _Body(information, folder, DocumentWriter(folder, beginning))
        self._bodies.append(body)
        return body.first

    def add_version(self, document: DocumentWriter, name: str, created: datetime) -> DocumentWriter:
        """A later version of `document`, which becomes the one that readers show; the earlier ones stay inside."""
        body = next(body for body in self._bodies if body.first is document)
        if not body.versions:
            body.versions.append(_Version("1", created, document))
        writer = DocumentWriter(f"{body.folder}/Versions/V_{len(body.versions)}")
        body.versions.append(_Version(name, created, writer))
        return writer

    def write_files(self) -> dict[str, bytes]:
        """The files by name, OFD.xml first: a reader that streams knows at once what it has."""
        files: dict[str, bytes] = {}
        bodies = [_write_body(body, files) for body in self._bodies]
        if not bodies:
            raise ValueError("a package needs a document")
        root = root_element("OFD", "".join(bodies), Version="1.0", DocType="OFD")
        return {"OFD.xml": root} | {name: files[name] for name in sorted(files)}

    def write(self) -> bytes:
        """The archive. Its entries are stored: pictures and fonts dominate, and each byte can be judged."""
        return write_archive(self.write_files())


def _write_body(body: _Body, files: dict[str, bytes]) -> str:
    versions = ""
    if not body.versions:
        files |= body.first.write()
    for index, version in enumerate(body.versions):
        own = version.writer.write()
        files |= own
        file = f"{body.folder}/Versions/Version_{index}.xml"
        listed = "".join(text_element("File", f"/{name}", ID=f"f{each}") for each, name in enumerate(sorted(own)))
        files[file] = root_element(
            "DocVersion",
            element("FileList", listed) + text_element("DocRoot", f"/{version.writer.document_file}"),
            ID=f"v{index}",
            Version="1.0",
            Name=version.name,
            CreationDate=day(version.created),
        )
        is_current = version is body.versions[-1]
        versions += element("Version", ID=f"v{index}", Index=index + 1, Current=is_current, BaseLoc=file)
    return element(
        "DocBody",
        body.information.write()
        + text_element("DocRoot", body.current.document_file)
        + (element("Versions", versions) if versions else ""),
    )
