"""How batches and their rows stand. Pure."""

from enum import StrEnum


class BatchState(StrEnum):
    """`checked` waits for somebody to start it; `halted` cannot go on until something outside it changes."""

    RECEIVING = "receiving"
    CHECKING = "checking"
    CHECKED = "checked"
    ISSUING = "issuing"
    HALTED = "halted"
    DONE = "done"
    CANCELLED = "cancelled"


class RowState(StrEnum):
    """`new` is not checked yet; `ready` may be issued; `wrong` and `failed` have their reasons in `errors`."""

    NEW = "new"
    READY = "ready"
    WRONG = "wrong"
    ISSUED = "issued"
    FAILED = "failed"
