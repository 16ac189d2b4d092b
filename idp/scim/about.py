"""What this service can do: `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas` (RFC 7643 §5–§7, RFC 9865 §4)."""

from collections.abc import Sequence

from idp.scim.errors import not_found
from idp.scim.listing import DEFAULT_PAGE, LARGEST_PAGE, LIST_URN
from idp.scim.resources.attributes import Document
from idp.scim.resources.definitions import RESOURCE_TYPES, SCHEMAS

MOST_BULK_OPERATIONS, LARGEST_BULK = 1000, 1024 * 1024


def service_provider_config(base: str) -> Document:
    """RFC 7643 §5."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": MOST_BULK_OPERATIONS, "maxPayloadSize": LARGEST_BULK},
        "filter": {"supported": True, "maxResults": LARGEST_PAGE},
        "changePassword": {"supported": True},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_PAGE,
            "maxPageSize": LARGEST_PAGE,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth 2 bearer token",
                "description": "A token for the scope scim by the grant client_credentials, for an agency's client.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> Document:
    """RFC 7643 §6."""
    return _list([each.to_json(base) for each in RESOURCE_TYPES])


def resource_type(base: str, name: str) -> Document:
    """One of them. Raises `ScimError` (404)."""
    found = next((each for each in RESOURCE_TYPES if each.name == name), None)
    if found is None:
        raise not_found(name)
    return found.to_json(base)


def schemas(base: str) -> Document:
    """RFC 7643 §7."""
    return _list([each.to_json(base) for each in SCHEMAS])


def schema(base: str, urn: str) -> Document:
    """One of them. Raises `ScimError` (404)."""
    found = next((each for each in SCHEMAS if each.urn.lower() == urn.lower()), None)
    if found is None:
        raise not_found(urn)
    return found.to_json(base)


def _list(resources: Sequence[Document]) -> Document:
    return {
        "schemas": [LIST_URN],
        "totalResults": len(resources),
        "itemsPerPage": len(resources),
        "startIndex": 1,
        "Resources": list(resources),
    }
