"""`sector_identifier_uri`: fetched at registration, to see that its owner agrees (OpenID Connect Registration §5)."""

from idp.clients.client import ClientRegistration
from kernel.errors import FieldError, Forbidden, Unavailable
from kernel.outbound.fetch import GuardedFetcher

FIELD = "sector_identifier_uri"


async def check_sector(registration: ClientRegistration, fetcher: GuardedFetcher) -> list[FieldError]:
    """What is wrong: every redirect URI must be in the list that the address gives."""
    address = registration.metadata.sector_identifier_uri
    if address is None:
        return []
    try:
        answer = await fetcher.get(address)
        listed = answer.json() if answer.status == 200 else None
    except (Forbidden, Unavailable):
        return [FieldError(FIELD, "This address cannot be fetched.")]
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        return [FieldError(FIELD, "This address does not give a JSON list of redirect URIs.")]
    if not set(registration.redirect_uris) <= set(listed):
        return [FieldError(FIELD, "A redirect URI is not in the list at this address.")]
    return []
