"""Device codes and user codes (RFC 8628 §3.2, §6.1), kept until the device has its tokens."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from idp.tokens.service import TokenGrant
from idp.tokens.stored_grant import grant_from_json, grant_to_json
from kernel.clock import Clock
from kernel.ephemeral.store import EphemeralStore

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH, GROUP = 8, 4
AFTER_THE_END = 600
SLOWER_SECONDS = 5


@dataclass(frozen=True)
class DeviceRequest:
    """What a device asked for."""

    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    user_code: str
    expires_at: datetime


class Answer(Enum):
    """What became of a device's request."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    TOO_FAST = "too fast"
    EXPIRED = "expired"
    DENIED = "denied"
    ALLOWED = "allowed"


class DeviceCodes:
    """Requests of devices, by the hash of the device code and by the user code."""

    def __init__(self, ephemeral: EphemeralStore, clock: Clock, *, seconds: int, poll_seconds: int) -> None:
        self._ephemeral = ephemeral
        self._clock = clock
        self.seconds = seconds
        self.poll_seconds = poll_seconds

    async def begin(self, client_id: str, scopes: tuple[str, ...], resources: tuple[str, ...]) -> tuple[str, str]:
        """A new device code and its user code."""
        device_code = secrets.token_urlsafe(32)
        name = _name(device_code)
        user_code = _new_user_code()
        while not await self._ephemeral.add(f"device-user:{user_code}", name.encode(), self.seconds):
            user_code = _new_user_code()
        expires_at = self._clock() + timedelta(seconds=self.seconds)
        request = {"client_id": client_id, "scopes": scopes, "resources": resources, "user_code": user_code}
        stored = json.dumps(request | {"expires_at": expires_at.isoformat()}).encode()
        await self._ephemeral.put(f"device:{name}", stored, self.seconds + AFTER_THE_END)
        return device_code, user_code

    async def find(self, user_code: str) -> tuple[str, DeviceRequest] | None:
        """The open request behind a user code, with the name to answer it by."""
        name = await self._ephemeral.get(f"device-user:{user_code}")
        request = await self._load(name.decode()) if name is not None else None
        return (name.decode(), request) if name is not None and request is not None else None

    async def answer(self, name: str, request: DeviceRequest, grant: TokenGrant | None) -> bool:
        """Let the device in, or not (None); the first answer counts."""
        content = json.dumps(grant_to_json(grant) if grant is not None else None).encode()
        is_first = await self._ephemeral.add(f"device-answer:{name}", content, self.seconds + AFTER_THE_END)
        await self._ephemeral.delete(f"device-user:{request.user_code}")
        return is_first

    async def poll(self, device_code: str, client_id: str) -> tuple[Answer, TokenGrant | None]:
        """How a device's request stands; the family is given out once (§3.5)."""
        name = _name(device_code)
        request = await self._load(name)
        if request is None or request.client_id != client_id:
            return Answer.UNKNOWN, None
        answered = await self._ephemeral.take(f"device-answer:{name}")
        if answered is not None:
            await self._ephemeral.delete(f"device:{name}")
            grant = json.loads(answered)
            return (Answer.ALLOWED, grant_from_json(grant)) if grant is not None else (Answer.DENIED, None)
        if request.expires_at <= self._clock():
            return Answer.EXPIRED, None
        return (Answer.PENDING if await self._is_patient(name) else Answer.TOO_FAST), None

    async def _is_patient(self, name: str) -> bool:
        """Whether the device waited as long as it must; each haste makes it five seconds more."""
        hastes = int(await self._ephemeral.get(f"device-haste:{name}") or b"0")
        pause = self.poll_seconds + hastes * SLOWER_SECONDS
        if await self._ephemeral.add(f"device-poll:{name}", b"1", pause):
            return True
        await self._ephemeral.increment(f"device-haste:{name}", self.seconds)
        await self._ephemeral.put(f"device-poll:{name}", b"1", pause + SLOWER_SECONDS)
        return False

    async def _load(self, name: str) -> DeviceRequest | None:
        stored = await self._ephemeral.get(f"device:{name}")
        if stored is None:
            return None
        values = json.loads(stored)
        tuples = {each: tuple(values[each]) for each in ("scopes", "resources")}
        expires_at = datetime.fromisoformat(values["expires_at"])
        return DeviceRequest(**{**values, **tuples, "expires_at": expires_at})


def read_user_code(text: str) -> str | None:
    """The user code that somebody typed, in whatever case and with whatever between (§6.1)."""
    letters = re.sub(r"[^A-Z]", "", text.upper())
    return letters if len(letters) == LENGTH and set(letters) <= set(ALPHABET) else None


def shown_user_code(user_code: str) -> str:
    """The code as people read it: `BDFG-HJKL`."""
    return f"{user_code[:GROUP]}-{user_code[GROUP:]}"


def _new_user_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _name(device_code: str) -> str:
    return hashlib.sha256(device_code.encode()).hexdigest()
