"""What applications ask: to end a session everywhere (SAML Profiles §4.4.3.1)."""

import asyncio
import hmac
import json
import secrets
from dataclasses import asdict
from datetime import timedelta

from idp.login.sign_out import SignOut
from idp.saml.applications.application import SamlApplication
from idp.saml.applications.registry import SamlApplications
from idp.saml.assertion import new_id
from idp.saml.authn_request import check_envelope, issuer_of
from idp.saml.logout import messages
from idp.saml.logout.chain import OVER, Flow, LogoutChain
from idp.saml.logout.messages import LogoutRequest, Outgoing, read_request, read_response
from idp.saml.records import SamlEntryRow, open_entries
from idp.saml.sign_in import UNKNOWN
from idp.saml.wire.bindings import SOAP_BINDING, Received, in_envelope
from idp.saml.wire.markup import Node, UnreadableMessage
from idp.saml.wire.signatures import BadSignature, sign
from idp.sessions.service import Session
from kernel.clock import Clock
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Forbidden, Gone

KEPT_SECONDS = 300
REPLAY_SECONDS = int(timedelta(minutes=15).total_seconds())
BECAUSE = "asked by an application"


class SamlLogout:
    """Judges logout messages."""

    def __init__(
        self,
        stores: tuple[Database, EphemeralStore, Clock],
        applications: SamlApplications,
        chain: LogoutChain,
        sign_out: SignOut,
        issuer: str,
    ) -> None:
        self._database, self._ephemeral, self._clock = stores
        self._applications = applications
        self._chain = chain
        self._sign_out = sign_out
        self._address = f"{issuer}/saml/slo"

    async def receive(self, received: Received) -> str:
        """Judge a message that a browser brought; the path where it goes on.

        A request is kept first: a form that comes from another site brings no cookie of ours. Raises
        `UnreadableMessage`, `Forbidden`, `Gone`.
        """
        root, application = await self._verified(received, self._address)
        if received.kind == "SAMLResponse":
            asked, fine = read_response(root)
            return await self._chain.answered(asked, application, fine=fine)
        request = read_request(root, application, received.relay_state)
        await self._claim(request)
        name = secrets.token_urlsafe(18)
        await self._ephemeral.put(f"saml-slo:{name}", json.dumps(asdict(request)).encode(), KEPT_SECONDS)
        return f"/saml/slo/continue?request={name}"

    async def go_on(self, kept: str, session: Session | None) -> tuple[Outgoing | str, bool]:
        """End the session that is meant: the answer, or the path through the other applications; and whether it was
        this browser's session. Raises `Gone`."""
        stored = await self._ephemeral.take(f"saml-slo:{kept}") if kept else None
        if stored is None:
            raise Gone(OVER)
        values = json.loads(stored)
        request = LogoutRequest(**{**values, "indexes": tuple(values["indexes"])})
        sessions = await self._meant(request, session)
        if not sessions:
            return await self._chain.answer(request, "Requester", "UnknownPrincipal"), False
        is_here = session is not None and session.id in sessions
        waiting = await self._chain.entries(session.id, request.application_id) if session and is_here else ()
        for each in sessions:
            await self._sign_out.end(each, BECAUSE)
        if not waiting:
            return await self._chain.answer(request, "Success"), is_here
        return await self._chain.keep(Flow(waiting, "/logout/done", request)), is_here

    async def by_soap(self, root: Node) -> bytes:
        """A request that an application's server brings; the answer. Raises as `receive`."""
        received = Received(root, "SAMLRequest", SOAP_BINDING)
        root, application = await self._verified(received, f"{self._address}/soap")
        request = read_request(root, application, None)
        await self._claim(request)
        sessions = await self._meant(request, None)
        for each in sessions:
            await self._sign_out.end(each, BECAUSE)
        status = ("Success",) if sessions else ("Requester", "UnknownPrincipal")
        signer = await self._chain.signer()
        answer = messages.response(request.id, new_id(), None, signer, self._clock(), *status)
        return in_envelope(await asyncio.to_thread(sign, answer, signer.key))

    async def _verified(self, received: Received, address: str) -> tuple[Node, SamlApplication]:
        application = await self._applications.find(issuer_of(received.root))
        if application is None:
            raise Forbidden(UNKNOWN, reason="not registered")
        if not received.is_signed:
            raise BadSignature("a logout message without a signature")
        root = await asyncio.to_thread(received.verified, application.metadata.signing)
        if issuer_of(root) != application.metadata.entity_id:
            raise UnreadableMessage("two issuers")
        is_soap = received.binding == SOAP_BINDING
        check_envelope(root, address, self._clock(), is_signed=not is_soap)
        return root, application

    async def _claim(self, request: LogoutRequest) -> None:
        """A request is acted on once."""
        key = f"saml-slo-seen:{request.application_id}:{request.id}"
        if not await self._ephemeral.add(key, b"1", REPLAY_SECONDS):
            raise Gone(OVER, reason="the request was acted on before")

    async def _meant(self, request: LogoutRequest, session: Session | None) -> set[str]:
        """The sessions that are meant: by index, or else the browser's; the name must be the one they go by there."""
        async with self._database.reading() as reading:
            if request.indexes:
                found = [await reading.get(SamlEntryRow, index) for index in request.indexes]
                rows = [row for row in found if row is not None]
            else:
                rows = list(await open_entries(reading, session.id)) if session is not None else []
        return {row.session_id for row in rows if self._is_meant(request, row)}

    def _is_meant(self, request: LogoutRequest, row: SamlEntryRow) -> bool:
        if row.application_id != request.application_id or row.ended_at is not None:
            return False
        return hmac.compare_digest(self._chain.name_of(row).value.encode(), request.name.encode())
