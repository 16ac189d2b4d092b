"""The jars of people who are signed in to applications: in the ephemeral store, encrypted, one a browser session."""

import asyncio
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.ephemeral.store import EphemeralStore
from sso_proxy.replay.jar import CookieJar

KEEP_SECONDS = 8 * 3600


@dataclass(frozen=True)
class SessionKey:
    """Whose session, at which application, in which browser session of the gateway."""

    subject: str
    site: str
    browser_session: str

    @property
    def digest(self) -> str:
        """The name under which it is kept; tells nothing."""
        text = "\0".join((self.subject, self.site, self.browser_session))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class AppSession:
    """A jar and the sign-in that filled it: `generation` differs after every sign-in. `signed_in_at`: epoch seconds."""

    jar: CookieJar = field(repr=False)
    generation: str
    signed_in_at: float


class AppSessions:
    """Loads and saves jars."""

    def __init__(self, store: EphemeralStore, envelope: Envelope, clock: Clock) -> None:
        self._store = store
        self._envelope = envelope
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def find(self, key: SessionKey) -> AppSession | None:
        """The session, if there is one."""
        sealed = await self._store.get(_name(key))
        if sealed is None:
            return None
        document = json.loads(self._envelope.decrypt(sealed, context=_name(key)))
        return AppSession(
            CookieJar.load(document["jar"].encode()), document["generation"], float(document["signed_in_at"])
        )

    async def begin(self, key: SessionKey, jar: CookieJar) -> AppSession:
        """Keep the jar of a new sign-in."""
        session = AppSession(jar, secrets.token_hex(8), self._clock().timestamp())
        await self._save(key, session)
        return session

    async def take_in(self, key: SessionKey, generation: str, set_cookies: list[str], path: str) -> None:
        """Add cookies of an answer. Those of an answer from before the last sign-in are dropped."""
        lock = self._locks.setdefault(key.digest, asyncio.Lock())
        async with lock:
            session = await self.find(key)
            if session is None or session.generation != generation:
                return
            before = session.jar.dump()
            for value in set_cookies:
                session.jar.store(value, path, self._clock())
            if session.jar.dump() != before:
                await self._save(key, session)

    async def end(self, key: SessionKey) -> None:
        """Forget the jar."""
        await self._store.delete(_name(key))

    async def _save(self, key: SessionKey, session: AppSession) -> None:
        document = {
            "jar": session.jar.dump().decode(),
            "generation": session.generation,
            "signed_in_at": session.signed_in_at,
        }
        sealed = self._envelope.encrypt(json.dumps(document).encode(), context=_name(key))
        await self._store.put(_name(key), sealed, KEEP_SECONDS)


def _name(key: SessionKey) -> str:
    return f"gateway:jar:{key.digest}"
