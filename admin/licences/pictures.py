"""Pictures in the form of a licence: chosen, looked at at once, kept while the rest is corrected."""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from admin.desk import at_desk
from kernel.errors import InvalidInput
from kernel.i18n import gettext
from kernel.web.csrf import check_csrf
from kernel.web.forms import MEBIBYTE, FormLimits, RawForm, read_form
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.layout.drawing import Box
from licence_vault.layout.face import ImageElement
from licence_vault.layout.parts.advice import Advice, look_at
from licence_vault.layout.parts.pictures import picture_size

MOST_PICTURES = 6
LIMITS = FormLimits(body=2 * MEBIBYTE, file=4 * MEBIBYTE, files=MOST_PICTURES, total=12 * MEBIBYTE)
KEPT = "kept."
"""Before the name of the field in which a form carries a picture that was chosen before, in base64."""
NOT_A_PICTURE = "This picture cannot be read. Give a JPEG or PNG of at most 180 KB."
FITS_TEXT = "The picture fits: {width} × {height} pixels."
ADVICE_NAMES = {
    Advice.FEW_PIXELS: "It has few pixels and will look coarse in print.",
    Advice.OTHER_RATIO: "Its proportions differ from its place, so that its edges are cut off.",
    Advice.UNEVEN_GROUND: "The ground behind the person is not even.",
}


def slot_of(licence_type: LicenceType, field: str) -> tuple[Box | None, Literal["cover", "contain"]]:
    """Where the face shows a picture, and how it is fitted; nowhere when it does not."""
    for page in licence_type.face.pages:
        for element in page.elements:
            if isinstance(element, ImageElement) and element.of == f"fields.{field}":
                return element.box, element.fit
    return None, "cover"


def read_pictures(licence_type: LicenceType, form: RawForm) -> dict[str, str]:
    """The pictures chosen now, or carried along, in base64 as the API takes them."""
    pictures = {}
    for name in sorted(licence_type.pictures):
        file = form.file(f"fields.{name}")
        if file is not None:
            pictures[name] = base64.b64encode(file.data).decode()
        elif kept := form.text(f"{KEPT}fields.{name}"):
            pictures[name] = kept
    return pictures


def kept_pictures(pictures: Mapping[str, Any]) -> dict[str, str]:
    """What a form carries along: those that can be used."""
    kept = {}
    for name, value in pictures.items():
        try:
            picture_size(base64.b64decode(str(value), validate=True))
        except (ValueError, binascii.Error):
            continue
        kept[f"{KEPT}fields.{name}"] = str(value)
    return kept


async def look(request: Request) -> Response:
    """What can be said of a picture that was just chosen, for the script of the form."""
    await at_desk(request, "licence:issue")
    form = await read_form(request, LIMITS)
    await check_csrf(request, form)
    licence_type = await request.app.state.admin.licences.catalogue.load(form.one("type"))
    file, name = form.file("picture"), form.one("field").removeprefix("fields.")
    if file is None or name not in licence_type.pictures:
        raise InvalidInput("Choose one file.")
    try:
        looked = await asyncio.to_thread(look_at, file.data, *slot_of(licence_type, name))
    except ValueError:
        return JSONResponse({"fits": False, "texts": [gettext(NOT_A_PICTURE)]}, headers=_NO_STORE)
    texts = [gettext(FITS_TEXT, width=looked.width, height=looked.height)]
    texts += [gettext(ADVICE_NAMES[each]) for each in looked.advice]
    return JSONResponse({"fits": True, "texts": texts}, headers=_NO_STORE)


_NO_STORE = {"Cache-Control": "no-store"}
