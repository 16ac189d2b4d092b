"""The same licence as signed JSON and as SD-JWT VC: what they carry, and what a foreign library makes of them."""

import base64
import hashlib
import json
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

from kernel.crypto.sd_jwt.presentation import SdJwt
from licence_vault.licences.licence import HolderIdentity, LicenceContent, content_digest
from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER, FOOD
from tests.licence_vault.api import URL, Service, issue, problem
from tests.licence_vault.forms.wallet import Wallet, show

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def download(service: Service, made: dict[str, Any], format: str) -> str:
    answer = await service.agency.get(f"{URL}/{made['id']}/file?format={format}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith(f'.{format}"')
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.text


async def issuer_key(service: Service) -> JWK:
    """As a wallet or a verifier that knows nothing but the address finds it."""
    told = (await service.anyone.get("/.well-known/jwt-vc-issuer")).json()
    assert told["issuer"] == service.world.house.settings.public_url
    return JWK(**told["jwks"]["keys"][0])


def opened(token: str, key: JWK) -> dict[str, Any]:
    jws = JWS()
    jws.deserialize(token, key, alg="ES256")
    claims: dict[str, Any] = json.loads(jws.payload)
    return claims


async def test_the_signed_json_holds_for_a_foreign_library_and_gives_the_digest_again(service: Service) -> None:
    made = await issue(service.agency)
    claims = opened(await download(service, made, "json"), await issuer_key(service))
    assert claims["content_digest"] == made["content_digest"]
    content = LicenceContent(HolderIdentity(**claims["holder"]), claims["fields"], claims["number"], claims["salt"])
    days = [claims[name] for name in ("valid_from", "valid_to")]
    licence = await service.world.house.licence_vault.lookup.find_by_id(made["id"])
    assert licence is not None
    assert [licence.valid_from.isoformat(), licence.valid_to and licence.valid_to.isoformat()] == days
    period = licence.valid_from, licence.valid_to
    assert content_digest(claims["identifier"], FOOD, content, period) == made["content_digest"]
    assert claims["files"] == {"ofd": licence.ofd_digest, "pdf": licence.pdf_digest}


async def test_the_credential_says_nothing_about_the_holder_until_shown(service: Service) -> None:
    made = await issue(service.agency)
    credential = await download(service, made, "sd-jwt")
    assert credential.endswith("~")
    payload = SdJwt.parse(credential).jwt.split(".")[1]
    plain = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    for secret in (CITIZEN_NAME, CITIZEN_NUMBER, "JY19900000000017", "虚构市文昌路 18 号", "signatory"):
        assert secret not in plain
        assert json.dumps(secret)[1:-1] not in plain
    claims = json.loads(plain)
    assert claims["content_digest"] == made["content_digest"]
    assert claims["identifier"] == made["identifier"]
    assert claims["status"]["status_list"]["uri"].startswith(service.world.house.settings.public_url)


async def test_the_reference_implementation_reads_the_credential(service: Service) -> None:
    key = await issuer_key(service)
    credential = await download(service, await issue(service.agency), "sd-jwt")
    whole = SDJWTVerifier(credential, lambda _issuer, _header: key).get_verified_payload()
    assert whole["holder"]["name"] == CITIZEN_NAME
    assert whole["fields"]["licence_number"] == "JY19900000000017"
    little = SDJWTVerifier(show(credential, {"licence_number"}), lambda _issuer, _header: key).get_verified_payload()
    assert little["fields"] == {"licence_number": "JY19900000000017"}
    assert little["holder"] == {}


async def test_the_reference_implementation_accepts_the_key_binding_of_a_bound_credential(service: Service) -> None:
    made, wallet, key = await issue(service.agency), Wallet(), await issuer_key(service)
    vault = service.world.house.licence_vault
    licence = await vault.lookup.find_by_id(made["id"])
    assert licence is not None
    presentation = wallet.show(await vault.forms.sd_jwt(licence, wallet.public_key), {"name"}, nonce="77")
    payload = SDJWTVerifier(
        presentation, lambda _issuer, _header: key, expected_aud="https://bank.example", expected_nonce="77"
    ).get_verified_payload()
    assert payload["holder"] == {"name": CITIZEN_NAME}
    assert payload["cnf"]["jwk"]["x"] == wallet.public_key["x"]


async def test_two_credentials_of_a_licence_share_no_digest(service: Service) -> None:
    made = await issue(service.agency)
    first, second = [SdJwt.parse(await download(service, made, "sd-jwt")) for _time in range(2)]
    assert not set(first.disclosures) & set(second.disclosures)


async def test_the_type_can_be_looked_up_and_its_hash_fits(service: Service) -> None:
    key = await issuer_key(service)
    credential = await download(service, await issue(service.agency), "sd-jwt")
    payload = SDJWTVerifier(credential, lambda _issuer, _header: key).get_verified_payload()
    answer = await service.anyone.get(payload["vct"])
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert payload["vct#integrity"] == f"sha256-{digest}"
    told = answer.json()
    assert told["vct"] == payload["vct"]
    assert {each["locale"] for each in told["display"]} == {"zh-CN", "en"}
    described = {tuple(each["path"]) for each in told["claims"]}
    shown = {("holder", name) for name in payload["holder"]} | {("fields", name) for name in payload["fields"]}
    assert shown <= described


async def test_an_unknown_type_is_not_there(service: Service) -> None:
    problem(await service.anyone.get("/api/v1/credential-types/nothing/1"), 404)


async def test_a_revoked_licence_makes_no_new_credential_but_its_json_still_can_be_read(service: Service) -> None:
    made = await issue(service.agency)
    await service.agency.post(f"{URL}/{made['id']}/revoke", json={"cause": "查处"})
    problem(await service.agency.get(f"{URL}/{made['id']}/file?format=sd-jwt"), 410)
    await download(service, made, "json")


async def test_others_get_no_form_either(service: Service) -> None:
    made = await issue(service.agency)
    for format in ("json", "sd-jwt"):
        problem(await service.other.get(f"{URL}/{made['id']}/file?format={format}"), 404)
