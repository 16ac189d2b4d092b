"""What a browser posted, parsed once and strictly: duplicates kept, bad UTF-8 and NUL refused, sizes limited.

FastAPI's `Form` answers 422 and silently takes the last duplicate; OAuth (RFC 6749 §3.1) asks for a refusal instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from kernel.errors import FieldError, InvalidInput
from kernel.i18n import gettext

MEBIBYTE = 1024 * 1024
UNREADABLE = "The form could not be read. Reload the page and try again."


class TooLarge(InvalidInput):
    """More was sent than this place takes."""

    code = "too-large"


@dataclass(frozen=True)
class UploadedFile:
    """One uploaded file. `filename` and `content_type` are the sender's claims, not facts."""

    name: str
    filename: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class FormLimits:
    """How much a form may hold. Sizes in bytes. Whoever expects large files says so: forms are read before anybody's
    right to post them is known. `total`: all of it together, when that is less than the parts allow."""

    body: int = MEBIBYTE
    fields: int = 500
    file: int = MEBIBYTE
    files: int = 1
    total: int | None = None

    @property
    def whole(self) -> int:
        """How long the body may be."""
        return self.total or self.body + self.file * self.files


@dataclass(frozen=True)
class RawForm:
    """The fields in the order they came, duplicates included, and the files."""

    pairs: tuple[tuple[str, str], ...] = ()
    files: tuple[UploadedFile, ...] = ()

    def get(self, name: str, default: str | None = None) -> str | None:
        """The one value of this field, or the default. Raises InvalidInput when it was sent more than once."""
        values = self.all(name)
        if len(values) > 1:
            message = "This field was sent more than once."
            raise InvalidInput(UNREADABLE, fields=[FieldError(name, message)], reason=f"duplicate {name[:40]!r}")
        return values[0] if values else default

    def one(self, name: str) -> str:
        """The one value of a field that must be there (it may be empty). Raises InvalidInput."""
        value = self.get(name)
        if value is None:
            message = "Fill in this field."
            raise InvalidInput(UNREADABLE, fields=[FieldError(name, message)], reason=f"missing {name[:40]!r}")
        return value

    def text(self, name: str) -> str:
        """The one value without surrounding white space; empty when it was not sent. Raises InvalidInput."""
        return (self.get(name) or "").strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that may repeat, such as a row of checkboxes."""
        return [value for each, value in self.pairs if each == name]

    def file(self, name: str) -> UploadedFile | None:
        """The one file of this field; an empty file input counts as none. Raises InvalidInput on several."""
        found = [each for each in self.files if each.name == name]
        if len(found) > 1:
            raise InvalidInput("Choose one file.", fields=[FieldError(name, "Choose one file.")])
        return found[0] if found else None

    def duplicates(self) -> list[str]:
        """Names that came more than once, in order."""
        names = [name for name, _value in self.pairs]
        return [name for position, name in enumerate(names) if names.index(name) == position and names.count(name) > 1]

    def __contains__(self, name: object) -> bool:
        return any(each == name for each, _value in self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)


def field_errors(error: InvalidInput) -> dict[str, str]:
    """Field name → what to do about it, in the reader's language; for `error_summary` and `field(error=…)`.

    The key "" holds the general message when no field is named.
    """
    named = {each.field: gettext(each.message, **each.params) for each in reversed(error.fields)}
    return named or {"": gettext(error.message, **error.params)}


async def read_form(request: Request, limits: FormLimits | None = None) -> RawForm:
    """The posted form, urlencoded or multipart; read once per request. Raises InvalidInput, TooLarge."""
    known: RawForm | None = getattr(request.state, "raw_form", None)
    if known is not None:
        return known
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    limits = limits or FormLimits()
    if kind == b"multipart/form-data":
        form = await _read_multipart(request, options.get(b"boundary", b""), limits)
    elif kind in (b"application/x-www-form-urlencoded", b""):
        form = RawForm(parse_urlencoded(await _read_body(request, limits.body), limits.fields))
    else:
        raise InvalidInput(UNREADABLE, reason="unexpected content type")
    request.state.raw_form = form
    return form


def read_query(request: Request) -> RawForm:
    """The query string under the same rules as a form. Raises InvalidInput."""
    return RawForm(parse_urlencoded(request.scope.get("query_string", b""), FormLimits().fields))


def parse_urlencoded(body: bytes, max_fields: int) -> tuple[tuple[str, str], ...]:
    """Pairs of an application/x-www-form-urlencoded text (WHATWG URL §5.1), strictly UTF-8. Raises InvalidInput."""
    parts = [part for part in body.split(b"&") if part]
    if len(parts) > max_fields:
        raise TooLarge("The form holds too many fields.")
    pairs = []
    for part in parts:
        name, _equals, value = part.replace(b"+", b" ").partition(b"=")
        pairs.append((_decode(unquote_to_bytes(name)), _decode(unquote_to_bytes(value))))
    return tuple(pairs)


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(UNREADABLE, reason="not UTF-8") from None
    if "\0" in text:
        raise InvalidInput(UNREADABLE, reason="NUL in a form value")
    return text


async def _read_body(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> TooLarge:
    return TooLarge("What you sent is too large. The limit is {limit}.", limit=_readable_size(limit))


def _readable_size(size: int) -> str:
    return f"{size // MEBIBYTE} MB" if size >= MEBIBYTE else f"{max(size // 1024, 1)} KB"


async def _read_multipart(request: Request, boundary: bytes, limits: FormLimits) -> RawForm:
    if not boundary:
        raise InvalidInput(UNREADABLE, reason="multipart without a boundary")
    collector = _PartCollector(limits)
    total = 0
    try:
        parser = MultipartParser(boundary, collector.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            total += len(chunk)
            if total > limits.whole:
                raise _too_large(limits.whole)
            parser.write(chunk)
        parser.finalize()
    except MultipartParseError:
        raise InvalidInput(UNREADABLE, reason="malformed multipart body") from None
    if not collector.complete:
        raise InvalidInput(UNREADABLE, reason="truncated multipart body")
    return RawForm(tuple(collector.pairs), tuple(collector.files))


class _PartCollector:
    """Gathers the parts of a multipart body (RFC 7578) as python-multipart calls back."""

    def __init__(self, limits: FormLimits) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.files: list[UploadedFile] = []
        self.complete = False
        self._limits = limits
        self._field_bytes = 0
        self._start_part()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._start_part,
            "on_part_data": self._take_data,
            "on_part_end": self._end_part,
            "on_header_field": lambda data, start, end: self._header_name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header_value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_end": self._finish,
        }

    def _start_part(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._data = bytearray()
        self._name = ""
        self._filename: str | None = None

    def _end_header(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _end_headers(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise InvalidInput(UNREADABLE, reason="part without a name")
        self._name = _decode(options[b"name"])
        self._filename = _decode(options[b"filename"]) if b"filename" in options else None
        if len(self.pairs) + len(self.files) >= self._limits.fields:
            raise TooLarge("The form holds too many fields.")

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        limit = self._limits.body if self._filename is None else self._limits.file
        held = len(self._data) + (self._field_bytes if self._filename is None else 0)
        if held + end - start > limit:
            raise _too_large(limit)
        self._data.extend(data[start:end])

    def _end_part(self) -> None:
        if self._filename is None:
            self._field_bytes += len(self._data)
            self.pairs.append((self._name, _decode(bytes(self._data))))
        elif self._filename or self._data:
            self._end_file(self._filename)

    def _end_file(self, filename: str) -> None:
        if len(self.files) >= self._limits.files:
            raise TooLarge("Send at most {count} files at once.", count=self._limits.files)
        kind = _decode(self._headers.get(b"content-type", b"application/octet-stream"))
        self.files.append(UploadedFile(self._name, filename, kind, bytes(self._data)))

    def _finish(self) -> None:
        self.complete = True
