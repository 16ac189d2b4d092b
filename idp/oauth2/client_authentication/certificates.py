"""Clients that prove themselves by the certificate of their connection (RFC 8705 §2)."""

from idp.clients.client import Client
from idp.clients.keys import ClientKeys
from idp.oauth2.client_authentication.assertions import FAILED
from idp.oauth2.errors import InvalidClient
from kernel.crypto.jose import InvalidToken
from kernel.crypto.possession.certificates import ClientCertificate
from kernel.crypto.possession.dpop import jwk_thumbprint
from kernel.errors import InvalidInput

NAME_KINDS = ("dns", "uri", "ip", "email")


async def check_certificate(client: Client, certificate: ClientCertificate | None, keys: ClientKeys) -> None:
    """Raises `InvalidClient` unless this certificate is the client's."""
    if certificate is None:
        raise InvalidClient(FAILED, detail="no client certificate")
    if client.auth_methods == ("self_signed_tls_client_auth",):
        is_known = await _has_its_key(client, certificate, keys)
    else:
        is_known = _has_its_name(client, certificate)
    if not is_known:
        raise InvalidClient(FAILED, detail="another certificate")


def _has_its_name(client: Client, certificate: ClientCertificate) -> bool:
    """§2.1: the front has checked the chain; the subject is the registered one."""
    metadata = client.metadata
    if metadata.tls_client_auth_subject_dn is not None:
        return certificate.is_subject(metadata.tls_client_auth_subject_dn)
    for kind in NAME_KINDS:
        wanted = getattr(metadata, f"tls_client_auth_san_{kind}")
        if wanted is not None:
            return wanted in certificate.alternative_names(kind)
    return False


async def _has_its_key(client: Client, certificate: ClientCertificate, keys: ClientKeys) -> bool:
    """§2.2: the key is one of the client's; the certificate's own signature says nothing."""
    try:
        wanted = certificate.key_thumbprint
        registered = (await keys.find(client, None)).document()["keys"]
        return any(jwk_thumbprint(key) == wanted for key in registered)
    except (InvalidInput, InvalidToken):
        return False
