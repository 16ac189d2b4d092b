"""What the stated time of signing is worth (GB/T 38540-2020 §7.3 d)."""

from datetime import datetime, timedelta

from seal.validation.report import Check, SubIndication, failed, passed, warning

TIME = "Time of signing"
CLOCK_SKEW = timedelta(minutes=5)


def judge_time(signed_at: datetime | None, asked_at: datetime, source: str = "signer") -> Check:
    """`source`: "signer" for the signer's own statement, "timestamp" for that of a trusted authority."""
    if signed_at is None:
        return warning(TIME, "The signature states no time; it was judged as of now.")
    if signed_at > asked_at + CLOCK_SKEW:
        why = SubIndication.SIG_CONSTRAINTS_FAILURE
        return failed(TIME, why, "The stated time of signing lies in the future.")
    if source == "timestamp":
        return passed(TIME, "The time is proven by a time stamp.")
    return passed(TIME, "The time is the signer's own statement.")
