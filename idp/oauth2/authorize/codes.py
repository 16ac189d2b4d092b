"""Authorization codes: single use, a minute long, kept as hashes (RFC 6749 §4.1.2, RFC 9700 §4.5)."""

import json
import secrets
from dataclasses import dataclass

from idp.sessions.service import hash_token
from idp.tokens.service import TokenGrant
from idp.tokens.stored_grant import grant_from_json, grant_to_json
from kernel.ephemeral.store import EphemeralStore

REMEMBER_USED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class IssuedCode:
    """What a code stands for."""

    grant: TokenGrant
    redirect_uri: str
    code_challenge: str | None
    nonce: str | None
    dpop_jkt: str | None = None


class CodeStore:
    """Codes by their hash. The first to claim a code gets it; whoever comes later is told which family it began."""

    def __init__(self, ephemeral: EphemeralStore, seconds: int) -> None:
        self._ephemeral = ephemeral
        self._seconds = seconds

    async def issue(self, issued: IssuedCode, *, at_most_seconds: int = 600) -> str:
        """A new code."""
        code = secrets.token_urlsafe(32)
        await self._ephemeral.put(f"code:{_name(code)}", _to_bytes(issued), min(self._seconds, at_most_seconds))
        return code

    async def peek(self, code: str) -> IssuedCode | None:
        """What a code stands for, without using it."""
        stored = await self._ephemeral.get(f"code:{_name(code)}")
        return _from_bytes(stored) if stored is not None else None

    async def claim(self, code: str, issued: IssuedCode) -> bool:
        """Use a code up; False when somebody did before."""
        mark = issued.grant.id.encode()
        claimed = await self._ephemeral.add(f"code-used:{_name(code)}", mark, REMEMBER_USED_SECONDS)
        if claimed:
            await self._ephemeral.delete(f"code:{_name(code)}")
        return claimed

    async def find_family(self, code: str) -> str | None:
        """The id of the family that a used code began."""
        mark = await self._ephemeral.get(f"code-used:{_name(code)}")
        return mark.decode() if mark is not None else None


def _name(code: str) -> str:
    return hash_token(code).hex()


def _to_bytes(issued: IssuedCode) -> bytes:
    rest = {name: getattr(issued, name) for name in ("redirect_uri", "code_challenge", "nonce", "dpop_jkt")}
    return json.dumps({"grant": grant_to_json(issued.grant), **rest}).encode()


def _from_bytes(stored: bytes) -> IssuedCode:
    values = json.loads(stored)
    return IssuedCode(**{**values, "grant": grant_from_json(values["grant"])})
