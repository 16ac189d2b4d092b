"""On what a report rests: by which rules, whose clock, which lists, which state of the public log, which software."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from kernel.errors import XinyinError
from verify.report.report import VerificationReport
from verify.signed_reports.policy import PATH, POLICY_ID, policy_sha256

TIME_SOURCE: Final = "system-clock"
"""Nothing proves the time of a check but the signature's own time stamp; so it is called what it is."""


@dataclass(frozen=True)
class ListUsed:
    """A list that told how something stood: its address, and SHA-256 (hex) of exactly what it said."""

    uri: str
    sha256: str

    @classmethod
    def of(cls, uri: str, content: bytes) -> "ListUsed":
        """For this content."""
        return cls(uri, hashlib.sha256(content).hexdigest())

    def to_json(self) -> dict[str, str]:
        """As in a report."""
        return {"uri": self.uri, "sha256": self.sha256}


class Circumstances(Protocol):
    """Who knows the lists and the log of this house."""

    async def seal_status_list(self) -> ListUsed:
        """How all seals stand."""
        ...

    async def licence_status_list(self, identifier: str) -> ListUsed | None:
        """The list on which the licence stands, if it stands on one."""
        ...

    async def revocation_lists(self) -> Sequence[ListUsed]:
        """Those by which certificates were judged."""
        ...

    async def log_checkpoint(self) -> str:
        """The signed note of the public log."""
        ...


@dataclass(frozen=True)
class Software:
    """What judged."""

    name: str
    version: str


class Bases:
    """Says for each report on what it rests. Anything that cannot be told just now is left out, never made up."""

    def __init__(self, circumstances: Circumstances | None, *, public_url: str, software: Software) -> None:
        self._circumstances = circumstances
        self._policy = {"id": POLICY_ID, "uri": f"{public_url.rstrip('/')}{PATH}", "sha256": policy_sha256()}
        self._software = {"name": software.name, "version": software.version}

    async def of(self, report: VerificationReport) -> dict[str, Any]:
        """The report's member `basis`."""
        basis: dict[str, Any] = {
            "policy": self._policy,
            "time": {"source": TIME_SOURCE, "value": report.checked_at.isoformat()},
            "software": self._software,
        }
        if self._circumstances is None:
            return basis
        return basis | await self._told(self._circumstances, report)

    async def _told(self, known: Circumstances, report: VerificationReport) -> dict[str, Any]:
        identifier = report.licence.identifier if report.licence else None
        seals, licences, lists, checkpoint = await asyncio.gather(
            known.seal_status_list(),
            _nothing() if identifier is None else known.licence_status_list(identifier),
            known.revocation_lists(),
            known.log_checkpoint(),
            return_exceptions=True,
        )
        told: dict[str, Any] = {}
        if isinstance(seals, ListUsed):
            told["seal_status_list"] = seals.to_json()
        if isinstance(licences, ListUsed):
            told["licence_status_list"] = licences.to_json()
        if not isinstance(lists, BaseException):
            told["revocation_lists"] = [each.to_json() for each in lists]
        if not isinstance(checkpoint, BaseException):
            told["log_checkpoint"] = checkpoint
        for answer in (seals, licences, lists, checkpoint):
            if isinstance(answer, BaseException) and not isinstance(answer, XinyinError):
                raise answer
        return told


async def _nothing() -> None:
    return None
