"""Mandates in plain words, as msgids."""

from idp.mandates.mandate import Capacity, MandateState, Power

CAPACITY_NAMES = {
    Capacity.REPRESENTATIVE: "Legal representative",
    Capacity.AGENT: "Agent",
}

POWER_NAMES = {
    Power.SEE: "See its licences",
    Power.PRESENT: "Show its licences to others",
    Power.AUTHORISE: "Let agencies have its licences",
    Power.APPLICATIONS: "Sign in to other applications in its name",
}

STATE_NAMES = {
    MandateState.OFFERED: "Waiting for an answer",
    MandateState.WAITING: "Not in force yet",
    MandateState.IN_FORCE: "In force",
    MandateState.LAPSED: "Lapsed",
    MandateState.ENDED: "Ended",
}

ENDED_BECAUSE = {
    "declined": "Declined",
    "given up": "Given up",
    "revoked": "Taken back",
    "replaced": "Another legal representative was entered",
    "term over": "Its term is over",
}
