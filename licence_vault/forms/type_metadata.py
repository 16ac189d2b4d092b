"""What wallets read about a licence type (draft-ietf-oauth-sd-jwt-vc, Type Metadata). Pure.

The document of a published version never changes, nor does its writing: credentials carry a hash of its bytes.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.forms.claims import CredentialType

PATH = "/api/v1/credential-types"
LOCALES = {"zh": "zh-CN", "en": "en"}
_OWN: Sequence[tuple[tuple[str, ...], str, Mapping[str, str]]] = (
    (("identifier",), "never", {"zh": "证照标识", "en": "Licence identifier"}),
    (("issuing_authority", "name"), "never", {"zh": "证照颁发机构", "en": "Issuing authority"}),
    (("valid_from",), "never", {"zh": "有效期起始日期", "en": "Valid from"}),
    (("valid_to",), "never", {"zh": "有效期截止日期", "en": "Valid to"}),
    (("holder", "name"), "always", {"zh": "持证主体", "en": "Holder"}),
    (("holder", "number"), "always", {"zh": "持证主体代码", "en": "Holder's number"}),
    (("holder", "id_type"), "always", {"zh": "持证主体代码类型", "en": "Kind of the holder's number"}),
    (("holder", "kind"), "always", {"zh": "持证主体类别", "en": "Kind of holder"}),
    (("number",), "always", {"zh": "证照编号", "en": "Licence number"}),
)


def type_document(licence_type: LicenceType, public_url: str) -> bytes:
    """The metadata as it is served, byte for byte."""
    document = {
        "vct": vct(licence_type, public_url),
        "name": licence_type.name,
        "description": f"{licence_type.code} version {licence_type.version}",
        "display": [
            {"locale": LOCALES[language], "name": name} for language, name in _texts(licence_type.document["name"])
        ],
        "claims": claim_descriptions(licence_type),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def credential_type(licence_type: LicenceType, public_url: str) -> CredentialType:
    """The address of the metadata and its hash (SRI)."""
    digest = hashlib.sha256(type_document(licence_type, public_url)).digest()
    return CredentialType(vct(licence_type, public_url), f"sha256-{base64.b64encode(digest).decode()}")


def vct(licence_type: LicenceType, public_url: str) -> str:
    """Where the metadata is; the type's name for wallets."""
    return f"{public_url}{PATH}/{licence_type.code}/{licence_type.version}"


def claim_descriptions(licence_type: LicenceType, name_of_label: str = "label") -> list[dict[str, Any]]:
    """Each claim with its labels. OpenID4VCI calls a label `name`."""
    rows = [(path, sd, labels, sd == "never") for path, sd, labels in _OWN]
    rows += [
        (("fields", name), "always", schema.get("x-labels", {}), name in licence_type.required_fields)
        for name, schema in licence_type.fields
    ]
    return [
        {
            "path": list(path),
            "display": [{"locale": LOCALES[language], name_of_label: text} for language, text in _texts(labels)],
            "mandatory": mandatory,
        }
        | ({"sd": sd} if name_of_label == "label" else {})
        for path, sd, labels, mandatory in rows
    ]


def _texts(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(language, labels[language]) for language in LOCALES if labels.get(language)]
