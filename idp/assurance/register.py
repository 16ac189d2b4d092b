"""The population register as we need it: does this name go with this number?"""

from typing import Protocol

import httpx

from kernel.errors import Unavailable

AWAY = "The population register does not answer at the moment. Nothing was saved; please try again in a few minutes."


class PopulationRegister(Protocol):
    """A two-element check: name and ID number."""

    async def matches(self, name: str, id_number: str) -> bool:
        """Whether the register has this number under this name. Raises `Unavailable`."""
        ...


class HttpPopulationRegister:
    """A register behind `POST <base>/check`, `{"name", "id_number"}` → `{"match": bool}`."""

    def __init__(
        self, base_url: str, *, transport: httpx.AsyncBaseTransport | None = None, timeout_seconds: float = 10
    ) -> None:
        self._address = base_url.rstrip("/") + "/check"
        self._transport = transport
        self._timeout = timeout_seconds

    async def matches(self, name: str, id_number: str) -> bool:
        """See `PopulationRegister.matches`."""
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=self._timeout) as client:
                response = await client.post(self._address, json={"name": name, "id_number": id_number})
                response.raise_for_status()
                match = response.json()["match"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Unavailable(AWAY, reason=f"population register: {type(error).__name__}") from error
        if not isinstance(match, bool):
            raise Unavailable(AWAY, reason="population register: match is not a boolean")
        return match


class NoPopulationRegister:
    """Where no register is set up: every check says so."""

    async def matches(self, name: str, id_number: str) -> bool:
        """Raises `Unavailable`."""
        raise Unavailable("Real-name checks are not set up here. Please ask the service desk.")
