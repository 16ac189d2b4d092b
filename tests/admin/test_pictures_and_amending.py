"""Pictures in the form of a licence, and issuing its next version by the form of its type."""

import base64
import io
import re
from typing import Any

from PIL import Image, ImageDraw

from idp.roles.scopes import Role
from tests.admin.conftest import Console
from tests.admin.test_licences import filled, issued


def portrait(width: int = 320, height: int = 450, *, ground: str = "white", spots: bool = False) -> bytes:
    """Somebody before a ground."""
    picture = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((width * 0.3, height * 0.2, width * 0.7, height * 0.6), fill="#c8906c")
    if spots:
        draw.rectangle((0, 0, width * 0.08, height), fill="black")
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


async def constructor(console: Console) -> str:
    """The code of the type with a photograph."""
    types = await console.rooms.vault.catalogue.list()
    return next(each.code for each in types if "photo" in each.pictures)


async def new_form(console: Console) -> tuple[str, dict[str, Any]]:
    """The address of its form, and the example that is filled in."""
    console.sit(Role.OFFICER)
    code = await constructor(console)
    address = f"/console/licences/new?type={code}"
    values = await filled(console, address)
    holder = {"holder.id_type": "111", "holder.number": "110101199003070011", "holder.name": "林小满"}
    page = (await console.get(f"{address}&example=yes")).text
    kept = dict(re.findall(r'type="hidden" name="(kept[.\w]+)" value="([^"]*)"', page))
    return address, values | kept | holder


async def look(console: Console, picture: bytes) -> Any:
    address, values = await new_form(console)
    fields = {"type": values["type"], "field": "fields.photo"}
    files = {"picture": ("me.jpg", picture, "image/jpeg")}
    return (await console.post(address, "/console/licences/new/picture", **fields, files=files)).json()


async def photo_of(console: Console, answer: Any) -> bytes:
    licence_id = answer.headers["location"].split("?")[0].rsplit("/", 1)[1]
    licence = await console.rooms.vault.lookup.find_by_id(licence_id)
    assert licence is not None
    return base64.b64decode(licence.content.fields["photo"])


async def test_a_picture_is_judged_as_soon_as_it_is_chosen(console: Console) -> None:
    assert await look(console, portrait()) == {"fits": True, "texts": ["The picture fits: 320 × 450 pixels."]}
    assert (await look(console, portrait(64, 90)))["texts"][1:] == ["It has few pixels and will look coarse in print."]
    wide = (await look(console, portrait(450, 450)))["texts"][1:]
    assert wide == ["Its proportions differ from its place, so that its edges are cut off."]
    assert (await look(console, portrait(spots=True)))["texts"][1:] == ["The ground behind the person is not even."]
    refused = {"fits": False, "texts": ["This picture cannot be read. Give a JPEG or PNG of at most 180 KB."]}
    assert await look(console, b"GIF89a") == refused


async def test_a_chosen_picture_is_issued_and_carried_along_while_the_rest_is_corrected(console: Console) -> None:
    address, values = await new_form(console)
    chosen = portrait(ground="#438edb")
    files = {"fields.photo": ("me.jpg", chosen, "image/jpeg")}
    wrong = values | {"holder.number": "110101199003070012"}
    page = await console.post(address, "/console/licences/new", **wrong, files=files)
    assert page.status_code == 400
    kept = re.search(r'name="kept.fields.photo" value="([^"]+)"', page.text)
    assert kept is not None
    right = values | {"kept.fields.photo": kept[1]}
    answer = await console.post(address, "/console/licences/new", **right)
    assert answer.status_code == 303, answer.text
    assert await photo_of(console, answer) == chosen


async def test_what_is_no_picture_is_said_beside_its_field(console: Console) -> None:
    address, values = await new_form(console)
    values = {name: value for name, value in values.items() if not name.startswith("kept.")}
    files = {"fields.photo": ("me.jpg", b"not a picture", "image/jpeg")}
    page = await console.post(address, "/console/licences/new", **values, files=files)
    assert page.status_code == 400
    assert 'href="#field-fields.photo"' in page.text


async def test_the_next_version_is_issued_by_a_form_that_says_what_the_licence_says(console: Console) -> None:
    place = await issued(console)
    assert f'href="{place}/amend"' in (await console.get(place)).text
    page = (await console.get(f"{place}/amend")).text
    assert "takes the place of version 1" in page
    values = await filled(console, f"{place}/amend?from=here")
    renewed = values | {"change": "renew", "valid_to": "2040-01-31"}
    renewed = {name: value for name, value in renewed.items() if name != "without_end"}
    answer = await console.post(f"{place}/amend", f"{place}/amend", **renewed)
    assert answer.status_code == 303, answer.text
    newer = (await console.get(answer.headers["location"])).text
    assert "no longer counts" in newer
    assert "Renewed" in newer
    assert "2040" in newer
    older = (await console.get(place)).text
    assert "Replaced by a newer version" in older
    assert f'href="{place}/amend"' not in older
    assert (await console.get(f"{place}/amend")).status_code == 409


async def test_only_those_who_issue_amend(console: Console) -> None:
    place = await issued(console)
    console.sit(Role.APPROVER)
    assert (await console.get(f"{place}/amend")).status_code == 403
    assert "/amend" not in (await console.get(place)).text
