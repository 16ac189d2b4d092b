"""From a posted form to files and wishes: one PDF or OFD, several, or ZIP archives of them. Strict about all of it."""

import json
import re
from collections.abc import Sequence
from typing import Any

from kernel.errors import FieldError, InvalidInput
from kernel.web.forms import MEBIBYTE, FormLimits, RawForm, TooLarge, UploadedFile
from seal.documents.levels import LEVELS
from seal.documents.ofd.archive import ArchiveLimits, UnreadablePackage, read_archive
from seal.documents.placement.request import DEFAULT_SIZE_MM, LowerRight, Placement, Riding, read_placements
from seal.seals.use_policy import IntendedUse
from seal.signing.jobs.job import SentFile, Wish

MOST_FILES = 200
LARGEST_FILE = 20 * MEBIBYTE
LARGEST_JOB = 100 * MEBIBYTE
LIMITS = FormLimits(body=64 * 1024, fields=30 + MOST_FILES, file=LARGEST_FILE, files=MOST_FILES, total=LARGEST_JOB)
LONGEST_PURPOSE = 128
_ARCHIVE = ArchiveLimits(max_entries=2 * MOST_FILES, max_bytes=LARGEST_JOB)
_LONGEST_NAME = 200
_OFD_ENTRY = re.compile(rb"PK\x01\x02.{24}\x07\x00.{16}OFD\.xml", re.DOTALL | re.IGNORECASE)
"""A line of an archive's directory (APPNOTE 4.3.12) whose file is called OFD.xml."""
_MALFORMED = "Some fields need your attention."


def read_files(form: RawForm) -> list[SentFile]:
    """The files to be sealed; archives are opened. Raises `InvalidInput` naming the file, `TooLarge`."""
    sent = [each for each in form.files if each.name == "file"]
    files = [found for each in sent for found in _opened(each)]
    if not files:
        raise InvalidInput("Choose a PDF or OFD file.", fields=[FieldError("file", "Choose a PDF or OFD file.")])
    if len(files) > MOST_FILES:
        raise TooLarge("Send at most {count} files at once.", count=MOST_FILES)
    if sum(len(each.data) for each in files) > LARGEST_JOB:
        raise TooLarge("What you sent is too large. The limit is {limit}.", limit=f"{LARGEST_JOB // MEBIBYTE} MB")
    return _unique(files)


def is_archive(form: RawForm) -> bool:
    """Whether any of the files is an archive of files."""
    return any(_kind(each.data) == "zip" for each in form.files)


def read_wish(form: RawForm, use: IntendedUse) -> Wish:
    """Where, how and what for. Raises `InvalidInput` naming the field."""
    wanted = form.text("level") or "B-B"
    level = next((each for each in LEVELS if each == wanted), None)
    if level is None:
        message = "The levels are {levels}."
        raise InvalidInput(_MALFORMED, fields=[FieldError("level", message, {"levels": ", ".join(LEVELS)})])
    purpose, reason = form.text("purpose"), form.text("reason")
    for name, value in (("purpose", purpose), ("reason", reason)):
        if len(value) > LONGEST_PURPOSE or (value and not value.isprintable()):
            message = "Write at most {limit} characters on one line."
            raise InvalidInput(_MALFORMED, fields=[FieldError(name, message, {"limit": LONGEST_PURPOSE})])
    return Wish(read_places(form), purpose, reason, level, form.text("closing") == "true", use)


def read_places(form: RawForm) -> list[Placement]:
    """`placements`; or `positions`, rectangles alone; with `riding` also over the edges. Else the lower right end."""
    name = "placements" if form.text("placements") else "positions"
    text = form.text(name)
    placed: list[Placement] = read_placements(_json(text, name)) if text else [LowerRight()]
    if form.text("riding") == "true":
        first = placed[0]
        size = getattr(first, "width_mm", getattr(first, "size_mm", DEFAULT_SIZE_MM))
        placed.append(Riding(size_mm=size))
    return placed


def _json(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as failure:
        message = "Give a list of places: page, x, y, width, height."
        raise InvalidInput(_MALFORMED, fields=[FieldError(field, message)]) from failure


def _opened(sent: UploadedFile) -> list[SentFile]:
    name = _safe_name(sent.filename)
    kind = _kind(sent.data)
    if kind == "zip":
        return _unpacked(name, sent.data)
    if kind not in ("pdf", "ofd"):
        message = "{name} is neither a PDF nor an OFD."
        raise InvalidInput(_MALFORMED, fields=[FieldError("file", message, {"name": name})])
    return [SentFile(name, "pdf" if kind == "pdf" else "ofd", sent.data)]


def _unpacked(name: str, data: bytes) -> list[SentFile]:
    """An archive that nobody vouches for; only PDF and OFD in it count. Raises `InvalidInput`."""
    try:
        entries = read_archive(data, _ARCHIVE)
    except UnreadablePackage as failure:
        raise InvalidInput(
            _MALFORMED, fields=[FieldError("file", failure.message, dict(failure.params))], reason=name
        ) from failure
    files = []
    for entry, content in entries.items():
        kind = _kind(content)
        if kind not in ("pdf", "ofd") or entry.startswith("__MACOSX/"):
            continue
        if len(content) > LARGEST_FILE:
            raise TooLarge("What you sent is too large. The limit is {limit}.", limit=f"{LARGEST_FILE // MEBIBYTE} MB")
        files.append(SentFile(entry[-_LONGEST_NAME:], "pdf" if kind == "pdf" else "ofd", content))
    if not files:
        raise InvalidInput(_MALFORMED, fields=[FieldError("file", "The archive holds no PDF and no OFD.")])
    return files


def _kind(data: bytes) -> str:
    """ "pdf", "ofd", "zip" or "unknown": an OFD is an archive with OFD.xml in its directory."""
    if data.startswith(b"PK"):
        return "ofd" if _OFD_ENTRY.search(data) else "zip"
    return "pdf" if b"%PDF-" in data[:1029] else "unknown"


def _safe_name(claimed: str) -> str:
    """The last part of a sender's path, without anything that a file system or a header would take amiss."""
    name = claimed.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(character for character in name if character.isprintable() and character not in '<>:"|?*')
    return kept.strip(". ")[-_LONGEST_NAME:] or "document"


def _unique(files: Sequence[SentFile]) -> list[SentFile]:
    """Names that differ even when case is ignored, so that an archive of the results holds all of them."""
    taken: set[str] = set()
    unique = []
    for file in files:
        stem, dot, suffix = file.name.rpartition(".")
        stem, suffix = (stem, dot + suffix) if dot else (file.name, "")
        name, number = file.name, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem} ({number}){suffix}"
        taken.add(name.casefold())
        unique.append(SentFile(name, file.format, file.data))
    return unique
