"""What is known of a row of a register, from its cells to what people decided; kept encrypted. Pure but for the key."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from kernel.crypto.envelope import Envelope
from licence_vault.collection.cleaning.row import Change, CleanRow, Proposal

QUESTION_WORDS = {
    "twin": "Row {number} is about the same licence.",
    "in-vault": "The vault has this licence already.",
    "other-name": "The vault knows the holder of this number by another name.",
    "issued-on": "Write the day as 2026-11-21; an old licence was not issued in the future.",
    "missing-scan": "The scan {name} was not handed in.",
    "no-scan": "No scan belongs to this row.",
    "bad-scan": "The scan {name} cannot be read.",
    "many-pages": "The scans of this row have more than {limit} pages.",
    "failed": "It could not be converted. Try again later.",
}
"""What is asked beside what issuing complains of, by code."""


@dataclass(frozen=True)
class Question:
    """Why a person has to look: a msgid with its params, at a place. A `fault` has to be mended, a doubt weighed.

    `code` tells apart what is asked: one of `QUESTION_WORDS`, or `wrong` for what issuing complains of.
    """

    place: str
    message: str
    params: Mapping[str, Any]
    code: str = "wrong"
    fault: bool = True


def ask(code: str, place: str = "", *, fault: bool = False, **params: Any) -> Question:
    """The question with this code."""
    return Question(place, QUESTION_WORDS[code], params, code, fault)


@dataclass(frozen=True)
class Collected:
    """`cells` as handed in, by head; `values` by place after cleaning and correction; `order` what is converted.

    `scans`: the ids of its scans, in order.
    """

    cells: Mapping[str, str] = field(repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    changes: tuple[Change, ...] = field(default=(), repr=False)
    proposals: tuple[Proposal, ...] = field(default=(), repr=False)
    questions: tuple[Question, ...] = field(default=(), repr=False)
    order: Mapping[str, Any] = field(default_factory=dict, repr=False)
    remark: str = field(default="", repr=False)
    scans: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[Question, ...]:
        """What has to be mended before the row can be accepted."""
        return tuple(each for each in self.questions if each.fault)

    def cleaned(self, clean: CleanRow, order: Mapping[str, Any], questions: tuple[Question, ...]) -> "Collected":
        """With what cleaning found, after what was changed before."""
        changes = (*self.changes, *clean.changes)
        return replace(
            self,
            values=dict(clean.values),
            changes=changes,
            proposals=clean.proposals,
            questions=questions,
            order=dict(order),
        )


def close(envelope: Envelope, collection_id: str, number: int, collected: Collected) -> bytes:
    """Encrypted for this row alone."""
    text = json.dumps(asdict(collected), ensure_ascii=False, default=str)
    return envelope.encrypt(text.encode(), context=f"collection:{collection_id}:{number}")


def open_content(envelope: Envelope, collection_id: str, number: int, data: bytes) -> Collected:
    """What `close` closed."""
    found = json.loads(envelope.decrypt(data, context=f"collection:{collection_id}:{number}"))
    return Collected(
        cells=found["cells"],
        values=found["values"],
        changes=tuple(Change(**each) for each in found["changes"]),
        proposals=tuple(Proposal(**each) for each in found["proposals"]),
        questions=tuple(Question(**each) for each in found["questions"]),
        order=found["order"],
        remark=found["remark"],
        scans=tuple(found.get("scans", ())),
    )
