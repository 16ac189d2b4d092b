"""How the console says what a seal is and what became of it. Values are msgids, translated where they are shown."""

from collections.abc import Mapping

STATE_NAMES: Mapping[str, str] = {
    "draft": "Waiting for approval",
    "rejected": "Not approved",
    "imported": "Known, key elsewhere",
    "active": "In use",
    "suspended": "Suspended",
    "replaced": "Replaced",
    "revoked": "Revoked",
    "expired": "Expired",
}

STATE_SHAPES: Mapping[str, str] = {"draft": "pending", "active": "valid", "replaced": "expired", "rejected": "revoked"}
"""Which of the shell's shapes stands for which state, where they are not called the same."""

SHAPE_NAMES: Mapping[str, str] = {
    "round": "Round, with a star",
    "oval": "Oval, for a special purpose",
    "name": "A person's name",
}

REASON_NAMES: Mapping[str, str] = {
    "cessation": "It is no longer needed",
    "superseded": "A new seal takes its place",
    "affiliation-changed": "The owner changed its name or was merged",
    "key-compromise": "Its key may be in wrong hands",
}

SUSPENSION_NAMES: Mapping[str, str] = {
    "owner-request": "The owner asks for it",
    "key-at-risk": "Its key may be at risk",
    "investigation": "A use of it is being looked into",
    "reorganisation": "The owner is being reorganised",
    "overdue-check": "A check that was due has not been made",
}

CAUSE_NAMES: Mapping[str, str] = {
    **REASON_NAMES,
    **SUSPENSION_NAMES,
    "rejected": "The application was turned down",
    "owner-differs": "The seal says that it is somebody else's; the owner was confirmed",
    "withdrawn": "Whoever applied took it back",
}

EVENT_NAMES: Mapping[str, str] = {
    "apply": "Application entered",
    "import": "Taken in from another system",
    "attach": "Its key was named",
    "approve": "Approved, made and in use",
    "reject": "Turned down",
    "withdraw": "Application withdrawn",
    "suspend": "Suspended",
    "resume": "In use again",
    "replace": "Replaced by another seal",
    "revoke": "Revoked",
    "policy": "Rules of use changed",
}
