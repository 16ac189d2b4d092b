"""Logout asked for by an application (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass

from idp.clients.client import Client
from idp.clients.service import ClientService
from idp.keys import TokenKeys
from idp.oauth2.errors import invalid_request
from idp.oauth2.parameters import Parameters
from idp.oauth2.return_address import with_query
from idp.sessions.service import Session, SessionService
from idp.tokens import id_token
from idp.tokens.subject_names import SubjectNames


@dataclass(frozen=True)
class LogoutPlan:
    """What is to happen: which session ends, whether the person is asked first, where the browser goes after."""

    session_id: str | None
    must_ask: bool
    target: str | None


class LogoutService:
    """Judges logout requests."""

    def __init__(self, keys: TokenKeys, clients: ClientService, sessions: SessionService, names: SubjectNames) -> None:
        self._keys = keys
        self._clients = clients
        self._sessions = sessions
        self._names = names

    async def plan(self, parameters: Parameters, current: Session | None) -> LogoutPlan:
        """What a request asks for. `current` is the browser's session. Raises `OAuthError`, to be shown.

        Somebody is asked unless an ID token of ours proves that the application had them signed in (§2).
        """
        parameters.refuse_duplicates()
        hint = self._read_hint(parameters.get("id_token_hint"))
        client = await self._client(parameters.get("client_id"), hint)
        target = _target(parameters, client)
        if hint is None:
            return LogoutPlan(current.id if current else None, must_ask=current is not None, target=target)
        if current is not None:
            name = self._names.name(client, current.person.id) if client is not None else current.person.id
            return LogoutPlan(current.id, must_ask=name != hint["sub"], target=target)
        hinted = await self._sessions.find_by_id(hint.get("sid", ""))
        return LogoutPlan(hinted.id if hinted else None, must_ask=False, target=target)

    def _read_hint(self, hint: str | None) -> dict[str, str] | None:
        """The claims of an ID token we issued, even if it has expired since."""
        if hint is None:
            return None
        claims = self._keys.find_claims(hint, id_token.TYP)
        if claims is None:
            raise invalid_request("The id_token_hint is not ours.")
        return {"sub": str(claims["sub"]), "aud": str(claims["aud"]), "sid": str(claims.get("sid") or "")}

    async def _client(self, client_id: str | None, hint: dict[str, str] | None) -> Client | None:
        if client_id is not None and hint is not None and client_id != hint["aud"]:
            raise invalid_request("The client_id is not the one the id_token_hint was issued to.")
        return await self._clients.find(client_id or (hint["aud"] if hint else None))


def _target(parameters: Parameters, client: Client | None) -> str | None:
    """Where to go after: one of the registered addresses, character by character (§3.1)."""
    address = parameters.get("post_logout_redirect_uri")
    if address is None:
        return None
    if client is None or address not in client.post_logout_redirect_uris:
        raise invalid_request("The post_logout_redirect_uri is not registered for this client.")
    state = parameters.get("state")
    return with_query(address, {"state": state}) if state is not None else address
