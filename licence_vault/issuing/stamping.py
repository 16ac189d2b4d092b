"""Where the seal of an authority goes on a licence, as its type says. Pure."""

from licence_vault.catalogue.licence_type import LicenceType
from seal.documents.positions import PageSize, StampPosition, riding_positions


def stamp_positions(licence_type: LicenceType) -> list[StampPosition]:
    """Every place of the seal, then the slices of the riding seal, if there is one."""
    places = [
        StampPosition(place.page, place.x_mm, place.y_mm, place.width_mm, place.height_mm)
        for place in licence_type.seal_places
    ]
    riding, face = licence_type.riding_seal, licence_type.face
    if riding is None:
        return places
    pages = [PageSize(face.width, face.height)] * len(face.pages)
    slices = riding_positions(pages, width_mm=riding.width_mm, height_mm=riding.height_mm, y_mm=riding.top_mm)
    return [*places, *slices]
