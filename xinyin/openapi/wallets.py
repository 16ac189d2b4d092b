"""What wallets call: OpenID4VCI 1.0, with refusals in the words of OAuth."""

from collections.abc import Mapping
from typing import Any

from licence_vault.wallets.addresses import ISSUER_PATH, PREFIX, SERVER_PATH
from licence_vault.wallets.metadata import PRE_AUTHORIZED
from xinyin.openapi.identity import OAUTH_ERROR, form
from xinyin.openapi.shapes import NUMBER, OBJECT, TEXT, json_answer, listing, shape

_PROOFS = shape({"jwt": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1}})
_ORDER = {"schema": shape({"credential_configuration_id": TEXT, "proofs": _PROOFS})}


def _public(answer: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return {"security": [], "responses": {"200": answer}, **rest}


WALLETS: Mapping[str, dict[str, Any]] = {
    f"get {ISSUER_PATH}": _public(json_answer("Credential Issuer Metadata", OBJECT)),
    f"get {SERVER_PATH}": _public(json_answer("Authorization server metadata", OBJECT)),
    f"get {PREFIX}/offers/{{offer_id}}": _public(json_answer("The offer, while it lasts", OBJECT)),
    f"post {PREFIX}/token": {
        "security": [],
        "responses": {
            "200": json_answer(
                "Good for five minutes", shape({"access_token": TEXT, "token_type": TEXT, "expires_in": NUMBER})
            ),
            "400": OAUTH_ERROR,
        },
        "requestBody": form(
            {"grant_type": {"const": PRE_AUTHORIZED}, "pre-authorized_code": TEXT, "tx_code": TEXT},
            ["grant_type", "pre-authorized_code", "tx_code"],
        ),
    },
    f"post {PREFIX}/nonce": _public(json_answer("For one proof, within five minutes", shape({"c_nonce": TEXT}))),
    f"post {PREFIX}/credential": {
        "security": [{"wallet": []}],
        "responses": {
            "200": json_answer("An SD-JWT VC", shape({"credentials": listing(shape({"credential": TEXT}))})),
            "400": OAUTH_ERROR,
            "401": OAUTH_ERROR,
        },
        "requestBody": {"required": True, "content": {"application/json": _ORDER}},
    },
}
