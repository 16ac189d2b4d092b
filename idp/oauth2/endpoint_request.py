"""A request at one of the endpoints that clients call themselves, read once."""

from dataclasses import dataclass

from idp.oauth2.parameters import Parameters
from kernel.crypto.possession.certificates import ClientCertificate


@dataclass(frozen=True)
class EndpointRequest:
    """What the services see. `url`: the endpoint's public address; `proofs`: the DPoP headers; `certificate`: what
    the client showed to the TLS front."""

    url: str
    parameters: Parameters
    authorization: str | None = None
    proofs: tuple[str, ...] = ()
    certificate: ClientCertificate | None = None
    method: str = "POST"
