"""From the form of a draft to places, and from a click on a page to millimetres."""

from collections.abc import Mapping

from admin.sealing.preview import SHOWN_WIDTH
from kernel.errors import FieldError, InvalidInput
from kernel.web.forms import RawForm
from seal.documents.levels import LEVELS, PadesLevel
from seal.documents.placement.request import DEFAULT_SIZE_MM, At, Invisible, LowerRight, OnKeyword, Placement, Riding
from seal.documents.positions import PageSize
from seal.signing.jobs.intake import LONGEST_PURPOSE

PLACES = ("at", "keyword", "lower-right", "invisible")


def clicked(form: RawForm, page: PageSize, size_mm: float) -> tuple[float, float] | None:
    """Left and top in millimetres of a seal whose middle was clicked; None when no click was sent.

    A picture that is pressed by keyboard says 0, 0: nobody clicks exactly there.
    """
    x, y = form.text("spot.x"), form.text("spot.y")
    if not (x.isdecimal() and y.isdecimal()) or (x, y) == ("0", "0") or len(x + y) > 10:
        return None
    scale = page.width_mm / SHOWN_WIDTH
    left, top = int(x) * scale - size_mm / 2, int(y) * scale - size_mm / 2
    return (
        round(max(0.0, min(left, page.width_mm - size_mm)), 1),
        round(max(0.0, min(top, page.height_mm - size_mm)), 1),
    )


def size_of(given: Mapping[str, str]) -> float:
    """The seal's size on paper; the usual one when none is given or it makes no sense."""
    try:
        return max(5.0, min(float(given.get("size", "")), 100.0))
    except ValueError:
        return DEFAULT_SIZE_MM


def read_placements(form: RawForm) -> list[Placement]:
    """Where the seal goes. Raises `InvalidInput` naming the field."""
    size = _millimetres(form, "size")
    kind = form.text("place")
    placed: list[Placement]
    if kind == "at":
        page = form.text("page")
        if not (page.isdecimal() and len(page) < 5):
            raise _wrong(FieldError("page", "Enter the number of a page."))
        placed = [At(int(page), _millimetres(form, "x"), _millimetres(form, "y"), size, size)]
    elif kind == "keyword":
        word = form.text("keyword")
        if not word or len(word) > 100:
            raise _wrong(FieldError("keyword", "Enter the keyword."))
        placed = [OnKeyword(word, {"first": 1, "last": -1}.get(form.text("occurrence"), 0), size_mm=size)]
    elif kind == "invisible":
        placed = [Invisible()]
    else:
        placed = [LowerRight(size)]
    if form.text("riding") == "yes" and kind != "invisible":
        placed.append(Riding("left" if form.text("edge") == "left" else "right", size_mm=size))
    return placed


def read_level(form: RawForm) -> PadesLevel:
    """Of the signature; the plain one when none is sent. Raises `InvalidInput`."""
    wanted = form.text("level") or LEVELS[0]
    level = next((each for each in LEVELS if each == wanted), None)
    if level is None:
        raise _wrong(FieldError("level", "Choose one of the listed values."))
    return level


def check_purpose(form: RawForm) -> str:
    """What the seal is used for."""
    purpose = form.text("purpose")
    if len(purpose) > LONGEST_PURPOSE:
        raise _wrong(FieldError("purpose", "Write at most {limit} characters on one line.", {"limit": LONGEST_PURPOSE}))
    return purpose


def _millimetres(form: RawForm, name: str) -> float:
    try:
        value = float(form.text(name) or (DEFAULT_SIZE_MM if name == "size" else ""))
    except ValueError as failure:
        raise _wrong(FieldError(name, "Enter millimetres, for example 140.")) from failure
    if not 0 <= value <= 5000 or (name == "size" and not 5 <= value <= 100):
        raise _wrong(FieldError(name, "Enter millimetres, for example 140."))
    return value


def _wrong(field: FieldError) -> InvalidInput:
    return InvalidInput("Some fields need your attention.", fields=[field])
