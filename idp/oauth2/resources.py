"""Resource indicators (RFC 8707): for whom an access token is meant."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from idp.clients.client import Client
from idp.oauth2.errors import OAuthError

MOST = 10


def check_resources(asked: Sequence[str], client: Client, own_audience: str) -> tuple[str, ...]:
    """The resources, each once, in order. Raises `OAuthError` (`invalid_target`) for one that the client may not use.

    Our own APIs are open to every client; others by its registration.
    """
    if len(asked) > MOST:
        raise _refused("These are too many resources.")
    for resource in asked:
        if not _is_absolute(resource):
            raise _refused("A resource is an absolute address without a part after #.")
        if resource != own_audience and resource not in client.metadata.resources:
            raise _refused("This client may not ask for tokens for this resource.")
    return tuple(dict.fromkeys(asked))


def narrow_resources(asked: Sequence[str], granted: Sequence[str]) -> tuple[str, ...]:
    """RFC 8707 §2.2: at the token endpoint, fewer of those granted. Raises `OAuthError`."""
    if not asked:
        return tuple(granted)
    if not set(asked) <= set(granted):
        raise _refused("This resource was not granted.")
    return tuple(dict.fromkeys(asked))


def _is_absolute(resource: str) -> bool:
    try:
        parts = urlsplit(resource)
    except ValueError:
        return False
    return bool(parts.scheme) and "#" not in resource and len(resource) <= 2000


def _refused(description: str) -> OAuthError:
    return OAuthError("invalid_target", description, redirectable=True)
