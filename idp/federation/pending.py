"""Sign-ins that are away at a provider: their state, which callback came first, and what it got.

WeChat's browser calls back twice (errcode 40163 for whoever redeems the code again), so of identical callbacks the
first does the work and the others wait for its result.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from idp.federation.base import (
    AccountConflict,
    FederationError,
    ProviderRefused,
    ProviderUnavailable,
    SignInExpired,
    Surface,
)
from kernel.clock import Clock
from kernel.ephemeral.store import EphemeralStore

STATE_SECONDS = 600
REPEAT_WINDOW = timedelta(seconds=60)
"""How long a repeated callback gets the first one's result. Later, a step back in the browser must not sign in."""
WAIT_SECONDS = 25.0
WAIT_STEP_SECONDS = 0.1
STATE_PATTERN = re.compile(r"[0-9a-f]{64}")
_REPEATABLE: Mapping[str, type[FederationError]] = {
    "ProviderRefused": ProviderRefused,
    "AccountConflict": AccountConflict,
}


@dataclass(frozen=True)
class PendingSignIn:
    """What is kept of one. `binding_hash` is of the cookie that the beginning browser holds."""

    family: str
    redirect_uri: str
    surface: Surface
    binding_hash: str
    return_state: str
    link_to: str | None


class PendingSignIns:
    """All of them, in the ephemeral store, for ten minutes."""

    def __init__(self, store: EphemeralStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def put(self, state: str, pending: PendingSignIn) -> None:
        """Keep a sign-in that is about to leave."""
        await self._store.put(_key("state", state), json.dumps(asdict(pending)).encode(), STATE_SECONDS)

    async def load(self, state: str, family: str, binding: str | None) -> PendingSignIn:
        """The sign-in of this state. Raises `SignInExpired`.

        It must have left for this provider (RFC 9700 §4.4, mix-up) from this browser (RFC 6749 §10.12, login CSRF).
        """
        if not STATE_PATTERN.fullmatch(state):
            raise SignInExpired(reason="callback without a state of ours")
        stored = await self._store.get(_key("state", state))
        if stored is None:
            raise SignInExpired(reason="state unknown or over")
        values = json.loads(stored)
        pending = PendingSignIn(**{**values, "surface": Surface(values["surface"])})
        if pending.family != family:
            raise SignInExpired(reason="state was given to another provider")
        if not hmac.compare_digest(pending.binding_hash, digest(binding or "")):
            raise SignInExpired(reason="state was given to another browser")
        return pending

    async def claim(self, state: str, params: Mapping[str, str]) -> bool:
        """Whether this callback is the first of its state, and so the one to do the work."""
        return await self._store.add(_key("claim", state), _fingerprint(params), STATE_SECONDS)

    async def release(self, state: str) -> None:
        """Nothing was used up: the next callback may do the work again."""
        await self._store.delete(_key("claim", state))

    async def keep_result(self, state: str, result: Mapping[str, Any]) -> None:
        """What the first callback got, for those that repeat it."""
        await self._keep(state, {"result": result})

    async def keep_failure(self, state: str, failure: FederationError) -> None:
        """How the first callback failed, for those that repeat it."""
        params = {name: str(value) for name, value in failure.params.items()}
        await self._keep(state, {"failure": type(failure).__name__, "message": failure.message, "params": params})

    async def await_result(self, family: str, state: str, params: Mapping[str, str]) -> dict[str, Any]:
        """What the first of several identical callbacks got; raises what it raised, or `ProviderUnavailable`."""
        for _ in range(int(WAIT_SECONDS / WAIT_STEP_SECONDS)):
            kept = await self._store.get(_key("result", state))
            claim = await self._store.get(_key("claim", state))
            if claim is None:
                raise ProviderUnavailable(family, reason="the first of two callbacks found the provider away")
            if not hmac.compare_digest(claim, _fingerprint(params)):
                raise SignInExpired(reason="state was used with other parameters")
            if kept is not None:
                return self._result(json.loads(kept))
            await asyncio.sleep(WAIT_STEP_SECONDS)
        raise ProviderUnavailable(family, reason="the first of two callbacks takes too long")

    def _result(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        if self._clock() - datetime.fromisoformat(kept["at"]) > REPEAT_WINDOW:
            raise SignInExpired(reason="callback repeated too late")
        if "result" in kept:
            return dict(kept["result"])
        kind = _REPEATABLE.get(kept["failure"])
        if kind is None:
            raise SignInExpired(reason=f"repeated after {kept['failure']}")
        raise kind(kept["message"], **kept["params"])

    async def _keep(self, state: str, value: Mapping[str, Any]) -> None:
        stored = json.dumps({"at": self._clock().isoformat(), **value}).encode()
        await self._store.put(_key("result", state), stored, STATE_SECONDS)


def digest(text: str) -> str:
    """How a browser's cookie is written into a sign-in."""
    return hashlib.sha256(text.encode()).hexdigest()


def _fingerprint(params: Mapping[str, str]) -> bytes:
    return digest(json.dumps(sorted(params.items()))).encode()


def _key(kind: str, state: str) -> str:
    return f"federation-{kind}:{state}"
