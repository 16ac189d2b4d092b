"""What wallets read before they ask for anything (OpenID4VCI §12.2, §12.3). Pure."""

from collections.abc import Iterable
from typing import Any

from kernel.crypto.sd_jwt.key_binding import ALGORITHMS
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.forms.claims import SD_JWT_TYP
from licence_vault.forms.type_metadata import LOCALES, claim_descriptions, vct
from licence_vault.wallets.addresses import WalletAddresses

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"


def configuration_id(type_code: str, type_version: int) -> str:
    """What a version of a licence type is called among the configurations."""
    return f"{type_code}.{type_version}"


def issuer_metadata(types: Iterable[LicenceType], addresses: WalletAddresses) -> dict[str, Any]:
    """Credential Issuer Metadata."""
    return {
        "credential_issuer": addresses.issuer,
        "authorization_servers": [addresses.server],
        "credential_endpoint": addresses.credential,
        "nonce_endpoint": addresses.nonce,
        "display": [{"name": "信印 Xinyin", "locale": "zh-CN"}, {"name": "Xinyin", "locale": "en"}],
        "credential_configurations_supported": {
            configuration_id(each.code, each.version): _configuration(each, addresses.issuer) for each in types
        },
    }


def server_metadata(addresses: WalletAddresses) -> dict[str, Any]:
    """Authorization server metadata (RFC 8414) for pre-authorized codes alone, of wallets that need no registration."""
    return {
        "issuer": addresses.server,
        "token_endpoint": addresses.token,
        "grant_types_supported": [PRE_AUTHORIZED],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
        "pre-authorized_grant_anonymous_access_supported": True,
    }


def _configuration(licence_type: LicenceType, public_url: str) -> dict[str, Any]:
    names = licence_type.document["name"]
    return {
        "format": SD_JWT_TYP,
        "vct": vct(licence_type, public_url),
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": ["ES256"],
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": list(ALGORITHMS)}},
        "credential_metadata": {
            "display": [
                {"name": names[language], "locale": locale}
                for language, locale in LOCALES.items()
                if names.get(language)
            ],
            "claims": claim_descriptions(licence_type, "name"),
        },
    }
