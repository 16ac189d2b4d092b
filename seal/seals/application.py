"""What an applicant asks for: checked field by field, and its picture drawn or judged."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from kernel.errors import FieldError, InvalidInput
from kernel.ids.uscc import Uscc
from seal.picture.design import SHAPES, SealDesign, SealShape, draw, size_of
from seal.picture.raster import to_png
from seal.picture.uploaded import check_picture
from seal.seals.use_policy import UsePolicy

DEFAULT_LIFE = timedelta(days=1096)
LONGEST_LIFE = timedelta(days=1826)
LONGEST_NOTE = 256
_CODE = re.compile(r"\d{14}")
_SIZES_MM = range(16, 61)
_FAULTS = "Some fields need your attention."


@dataclass(frozen=True)
class SealApplication:
    """What an applicant asks for. The owner is an organisation: unified social credit code and name.

    Without `picture` (PNG) it is drawn in its `shape`; without `code` the next one of the owner's area is taken.
    `bottom_text` is the special purpose, `middle_text` an oval seal's number. `basis` is the document that founds the
    application, `filing_number` that of the filing with the public security organ. `replaces`: the seal (id or code)
    whose code the new one is to take on. `size_mm` is the width; the usual one of the shape when left out.
    """

    name: str
    owner_uscc: str
    owner_name: str
    code: str | None = None
    shape: SealShape = "round"
    bottom_text: str = ""
    middle_text: str = ""
    star: bool = True
    picture: bytes | None = field(default=None, repr=False)
    size_mm: int | None = None
    height_mm: int | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    filing_number: str | None = None
    basis: str | None = None
    replaces: str | None = None
    use_policy: UsePolicy = field(default_factory=UsePolicy)

    def design(self, code: str) -> SealDesign:
        """What to draw."""
        return SealDesign(
            shape=self.shape,
            name=self.name,
            code=code,
            bottom_text=self.bottom_text,
            middle_text=self.middle_text,
            width_mm=self.size_mm,
            star=self.star,
        )


@dataclass(frozen=True)
class PreparedPicture:
    """A PNG and the size it is printed at, in whole millimetres as seals state it."""

    png: bytes
    width_mm: int
    height_mm: int


def check_application(application: SealApplication, now: datetime) -> Uscc:
    """The owner's code. Raises InvalidInput naming every field that is wrong."""
    faults = [*_text_faults(application), *_period_faults(application, now)]
    try:
        owner = Uscc.parse(application.owner_uscc)
    except InvalidInput as fault:
        fields = [FieldError("owner.uscc", fault.message, fault.params), *faults]
        raise InvalidInput(_FAULTS, fields=fields) from fault
    if faults:
        raise InvalidInput(_FAULTS, fields=faults)
    return owner


def prepare_picture(application: SealApplication, code: str, font: Path) -> PreparedPicture:
    """Draw the picture, or judge the one that was sent. Blocking. Raises InvalidInput."""
    width, height = _size(application)
    if application.picture is not None:
        checked = check_picture(application.picture, width_mm=width, height_mm=height)
        return PreparedPicture(checked.png, round(width), round(height))
    try:
        drawing = draw(application.design(code), font)
    except InvalidInput as fault:
        if fault.fields:
            raise
        raise InvalidInput(_FAULTS, fields=[FieldError("name", fault.message, fault.params)]) from fault
    return PreparedPicture(to_png(drawing), round(drawing.width_mm), round(drawing.height_mm))


def period_of(application: SealApplication, now: datetime) -> tuple[datetime, datetime]:
    """From when to when the seal is to be valid, in whole seconds."""
    start = (application.valid_from or now).replace(microsecond=0)
    return start, (application.valid_to or start + DEFAULT_LIFE).replace(microsecond=0)


def preview(application: SealApplication, font: Path) -> bytes:
    """The picture as PNG before anything is applied for; a code of noughts stands in. Blocking. Raises InvalidInput."""
    if faults := _size_faults(application):
        raise InvalidInput(_FAULTS, fields=faults)
    code = application.code or "0" * 14
    return prepare_picture(replace(application, picture=None), code, font).png


def _size(application: SealApplication) -> tuple[float, float]:
    if application.picture is not None and application.size_mm and application.height_mm:
        return application.size_mm, application.height_mm
    return size_of(application.shape, application.name, application.size_mm)


def _text_faults(application: SealApplication) -> list[FieldError]:
    faults = []
    if application.code is not None and not _CODE.fullmatch(application.code):
        faults.append(FieldError("code", "A seal code has 14 digits."))
    if application.shape not in SHAPES:
        faults.append(FieldError("shape", "Choose one of the listed values."))
    if not application.name.strip() or len(application.name) > 128:
        faults.append(FieldError("name", "Enter the name on the seal."))
    if not application.owner_name.strip() or len(application.owner_name) > 128:
        faults.append(FieldError("owner.name", "Enter the name of the owner."))
    faults += _size_faults(application)
    if application.basis is not None and len(application.basis) > LONGEST_NOTE:
        faults.append(FieldError("basis", "This is too long."))
    return faults


def _size_faults(application: SealApplication) -> list[FieldError]:
    sizes = {"size_mm": application.size_mm, "height_mm": application.height_mm}
    wrong = [name for name, size in sizes.items() if size is not None and size not in _SIZES_MM]
    return [FieldError(name, "A seal is 16 to 60 millimetres wide.") for name in wrong]


def _period_faults(application: SealApplication, now: datetime) -> list[FieldError]:
    start, end = period_of(application, now)
    if not start < end <= start + LONGEST_LIFE or end <= now:
        return [FieldError("valid_to", "A seal is valid for up to five years.")]
    return []
