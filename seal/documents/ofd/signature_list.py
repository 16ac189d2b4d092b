"""Signatures.xml as we write it (GB/T 33190-2016 §18.1): nothing in it is left to chance, so any change shows."""

from collections.abc import Sequence

from seal.documents.ofd import markup
from seal.documents.ofd.locating import absolute


def entry_id(number: int) -> str:
    """The ID of the signature in folder `Sign_<number>`; xs:ID wants a letter first."""
    return f"s{number + 1:03}"


def signatures_list(entries: Sequence[tuple[str, str, str]]) -> bytes:
    """Signatures.xml for `(ID, type, file)`. No MaxSignId: by Annex A it would have to differ from every ID."""
    nodes = [markup.element("Signature", ID=id_, Type=kind, BaseLoc=absolute(file)) for id_, kind, file in entries]
    return markup.serialise(markup.element("Signatures", *nodes))
