"""Which steps a person may take with a seal, and why not others: nothing is offered that the register would refuse."""

from collections.abc import Collection
from dataclasses import dataclass

from seal.seals.seal import Seal

APPLY, APPROVE, USE = "seal:apply", "seal:approve", "seal:use"

_SENTENCES = {
    "own": "You applied for this seal. Somebody else must approve it.",
    "no-right": "Waiting for somebody with the right to approve seals.",
}
OWN_APPLICATION, NO_RIGHT = _SENTENCES["own"], _SENTENCES["no-right"]


@dataclass(frozen=True)
class Steps:
    """`offered` are names of steps; `reason` says why there is not more to do, where somebody may wonder (a msgid)."""

    offered: tuple[str, ...]
    reason: str | None = None

    def __contains__(self, step: str) -> bool:
        return step in self.offered


def steps_for(seal: Seal, subject: str, scopes: Collection[str]) -> Steps:
    """What `subject` with these scopes may do now."""
    own, decides, applies = seal.applied_by == subject, APPROVE in scopes, APPLY in scopes
    replace = ("replace",) if applies and seal.origin == "made" else ()
    match seal.state:
        case "draft" if own and applies:
            return Steps(("withdraw",), OWN_APPLICATION if decides else NO_RIGHT)
        case "draft" if own and decides:
            return Steps((), OWN_APPLICATION)
        case "draft" if decides:
            return Steps(("approve", "reject"))
        case "draft":
            return Steps((), NO_RIGHT)
        case "active" if decides:
            return Steps(("suspend", "revoke", "policy", *replace))
        case "suspended" if decides:
            return Steps(("resume", "revoke", "policy", *replace))
        case "expired" if decides:
            return Steps(("revoke", *replace))
        case "imported" if decides:
            return Steps(("revoke",))
        case "active" | "suspended" | "expired":
            return Steps(replace)
    return Steps(())
