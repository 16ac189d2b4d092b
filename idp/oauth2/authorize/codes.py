"""Authorization codes: single use, a minute long, kept as hashes (RFC 6749 §4.1.2, RFC 9700 §4.5)."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from idp.sessions.service import hash_token
from idp.tokens.access_token import SignInFacts
from idp.tokens.service import TokenGrant
from kernel.ephemeral.store import EphemeralStore

REMEMBER_USED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class IssuedCode:
    """What a code stands for."""

    grant: TokenGrant
    redirect_uri: str
    code_challenge: str | None
    nonce: str | None


class CodeStore:
    """Codes by their hash. The first to claim a code gets it; whoever comes later is told which family it began."""

    def __init__(self, ephemeral: EphemeralStore, seconds: int) -> None:
        self._ephemeral = ephemeral
        self._seconds = seconds

    async def issue(self, issued: IssuedCode) -> str:
        """A new code."""
        code = secrets.token_urlsafe(32)
        await self._ephemeral.put(f"code:{_name(code)}", _to_bytes(issued), self._seconds)
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
    values = asdict(issued)
    values["grant"]["sign_in"]["auth_time"] = issued.grant.sign_in.auth_time.isoformat()
    return json.dumps(values).encode()


def _from_bytes(stored: bytes) -> IssuedCode:
    values = json.loads(stored)
    grant = values["grant"]
    sign_in = grant["sign_in"]
    facts = SignInFacts(datetime.fromisoformat(sign_in["auth_time"]), sign_in["acr"], tuple(sign_in["amr"]))
    return IssuedCode(
        grant=TokenGrant(**{**grant, "scopes": tuple(grant["scopes"]), "sign_in": facts}),
        redirect_uri=values["redirect_uri"],
        code_challenge=values["code_challenge"],
        nonce=values["nonce"],
    )
