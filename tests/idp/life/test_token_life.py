"""The life of tokens as a state machine: issue, refresh, reuse, revoke, expire, sign out, in any order.

A model of a few lines says what must count; the provider, asked over HTTP, must agree after every step.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tests.idp.browser import Browser
from tests.idp.conftest import HandClock, Provider, run_provider
from tests.idp.people import enter_person, register_client, signed_in_browser
from tests.idp.relying_party import RelyingParty

ACCESS_SECONDS, REFRESH_SECONDS = 600, 30 * 86400


@dataclass
class Family:
    """What the model knows of one family."""

    ends_at: float
    is_over: bool = False
    access: dict[str, float] = field(default_factory=dict)
    current: str = ""
    used: list[str] = field(default_factory=list)


class TokenLife(RuleBasedStateMachine):
    families = Bundle("families")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = HandClock()
        self.known: list[Family] = []
        self.revoked: set[str] = set()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @property
    def now(self) -> float:
        return self.clock.now.timestamp()

    @initialize()
    def open_house(self) -> None:
        self.running: AsyncIterator[Provider] = run_provider(Path(self.folder.name), self.clock)

        async def begin() -> tuple[RelyingParty, Browser, Provider]:
            provider = await anext(self.running)
            await enter_person(provider)
            party = RelyingParty(provider, *await register_client(provider))
            return party, await signed_in_browser(provider), provider

        self.party, self.browser, self.provider = self.run(begin())

    @rule(target=families)
    def issue(self) -> Family:
        async def work() -> dict[str, Any]:
            self.browser = await signed_in_browser(self.provider)
            return await self.party.tokens(self.browser, "openid offline_access", prompt="consent")

        tokens = self.run(work())
        family = Family(self.now + REFRESH_SECONDS, current=tokens["refresh_token"])
        family.access[tokens["access_token"]] = self.now + ACCESS_SECONDS
        self.known.append(family)
        return family

    @rule(family=families)
    def refresh(self, family: Family) -> None:
        answer = self.run(self.party.refresh(family.current))
        if family.is_over or self.now >= family.ends_at:
            assert answer.json()["error"] == "invalid_grant"
            return
        assert answer.status_code == 200, answer.text
        family.used.append(family.current)
        family.current = answer.json()["refresh_token"]
        family.access[answer.json()["access_token"]] = self.now + ACCESS_SECONDS

    @rule(family=families)
    def reuse(self, family: Family) -> None:
        if not family.used:
            return
        assert self.run(self.party.refresh(family.used[-1])).json()["error"] == "invalid_grant"
        family.is_over = True

    @rule(family=families)
    def revoke_refresh_token(self, family: Family) -> None:
        self._revoke(family.current)
        if self.now < family.ends_at:
            family.is_over = True

    @rule(family=families, data=st.data())
    def revoke_access_token(self, family: Family, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(sorted(family.access)))
        self._revoke(token)
        if not family.is_over and self.now < family.access[token]:
            self.revoked.add(token)

    @rule(seconds=st.sampled_from([1, 300, ACCESS_SECONDS, 86400, REFRESH_SECONDS]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule()
    def disable_and_enable_the_person(self) -> None:
        async def work() -> None:
            persons = self.provider.services.persons
            person = await persons.load_by_username("ming")
            self.clock.advance(seconds=1)
            await persons.disable(person.id)
            await persons.enable(person.id)
            self.clock.advance(seconds=1)

        self.run(work())
        for family in self.known:
            family.is_over = True

    @invariant()
    def the_provider_agrees(self) -> None:
        for family in self.known[-3:]:
            for token, ends_at in list(family.access.items())[-2:]:
                counts = not family.is_over and token not in self.revoked and self.now < ends_at
                assert self.run(self.party.introspect(token))["active"] is counts

    def _revoke(self, token: str) -> None:
        client = self.party.client.client_id, self.party.secret
        answer = self.run(self.party.http.post("/oauth2/revoke", data={"token": token}, auth=client))
        assert answer.status_code == 200

    def teardown(self) -> None:
        self.run(anext(self.running, None))  # type: ignore[arg-type]  # runs the generator to its end
        self.loop.close()
        self.folder.cleanup()


TokenLife.TestCase.settings = settings(
    max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestTokenLife = TokenLife.TestCase
