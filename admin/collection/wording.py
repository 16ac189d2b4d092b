"""How collections and their rows are said on pages."""

from collections.abc import Mapping

from kernel.i18n import gettext
from licence_vault.collection.parts import Collection
from licence_vault.collection.states import CollectionState, ItemState

STATE_NAMES = {
    CollectionState.RECEIVING: "Being received",
    CollectionState.MAPPING: "Waiting to know its columns",
    CollectionState.CLEANING: "Being cleaned",
    CollectionState.REVIEWING: "Under review",
    CollectionState.HALTED: "Halted",
    CollectionState.DONE: "Done",
    CollectionState.CANCELLED: "Cancelled",
}
STATE_SHAPES = {
    CollectionState.DONE: "valid",
    CollectionState.HALTED: "suspended",
    CollectionState.CANCELLED: "revoked",
}
ITEM_NAMES = {
    ItemState.NEW: "To be cleaned",
    ItemState.OPEN: "To be reviewed",
    ItemState.SECOND: "For a second person",
    ItemState.ACCEPTED: "To be converted",
    ItemState.CONVERTED: "Converted",
    ItemState.REJECTED: "Rejected",
    ItemState.FAILED: "Could not be converted",
}
CLASS_NAMES = {
    "A": "A: from the issuing agency's own files",
    "B": "B: compared with the original at a counter",
    "C": "C: uploaded by its holder, the original to be shown",
    "D": "D: made by its holder, who promises that it is true",
}


def classes() -> list[tuple[str, str]]:
    """The choices of a form."""
    return [(code, gettext(name)) for code, name in CLASS_NAMES.items()]


def shown(collection: Collection) -> Mapping[str, object]:
    """What every page says of a collection."""
    cleaning = collection.state is CollectionState.CLEANING
    done = collection.count(ItemState.CONVERTED, ItemState.REJECTED, ItemState.FAILED)
    return {
        "state": gettext(STATE_NAMES[collection.state]),
        "shape": STATE_SHAPES.get(collection.state, "pending"),
        "counts": [(gettext(name), collection.count(state)) for state, name in ITEM_NAMES.items()],
        "done": collection.total - collection.count(ItemState.NEW) if cleaning else done,
        "converted": collection.count(ItemState.CONVERTED),
        "waiting": collection.count(ItemState.OPEN, ItemState.SECOND),
    }
