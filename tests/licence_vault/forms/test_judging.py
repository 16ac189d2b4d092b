"""Credentials and signed JSON as verifiers send them: what is accepted, and every forgery that is not."""

import base64
import json
import re
import time
from typing import Any

import pytest

from kernel.crypto.sd_jwt.disclosures import disclosure_digest, make_disclosure
from kernel.crypto.sd_jwt.presentation import SdJwt
from licence_vault.licences.licence import Licence
from tests.houses import CITIZEN_NAME, CITIZEN_NUMBER
from tests.licence_vault.api import URL, Service, issue, problem
from tests.licence_vault.forms.wallet import Wallet, show

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def licence_of(service: Service) -> Licence:
    made = await issue(service.agency)
    licence = await service.world.house.licence_vault.lookup.find_by_id(made["id"])
    assert licence is not None
    return licence


async def credential(service: Service, wallet: Wallet | None = None) -> str:
    forms = service.world.house.licence_vault.forms
    return await forms.sd_jwt(await licence_of(service), wallet.public_key if wallet else None)


async def verify(service: Service, text: str, **asked: str) -> dict[str, Any]:
    body = {"credential": text, **asked}
    answer = await service.anyone.post("/api/v1/verifications", json=body, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def checks(report: dict[str, Any]) -> dict[str, str]:
    listed = [*report["checks"], *(each for signature in report["signatures"] for each in signature["checks"])]
    return {each["name"]: each["result"] for each in listed}


def payload_of(token: str) -> dict[str, Any]:
    encoded = token.split("~")[0].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return claims


async def signed(service: Service, claims: dict[str, Any], typ: str = "dc+sd-jwt") -> str:
    """Signed by the house itself: what an attacker who got it to sign something strange would hold."""
    return await service.world.house.seal.signing.sign_credential(claims, typ)


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class TestGenuine:
    async def test_a_presentation_by_the_holders_wallet_passes_and_says_what_was_shown(self, service: Service) -> None:
        wallet = Wallet()
        shown = wallet.show(await credential(service, wallet), {"name", "licence_number"})
        report = await verify(service, shown)
        assert report["indication"] == "TOTAL-PASSED", report
        assert set(checks(report).values()) == {"PASSED"}
        assert set(checks(report)) == {
            "Signature",
            "Disclosures",
            "Holder's wallet",
            "Issuer's record",
            "Licence status",
        }
        assert report["document"]["format"] == "sd-jwt"
        assert report["signatures"][0]["kind"] == "SD-JWT VC"
        assert report["shown"]["holder"] == {"name": CITIZEN_NAME}
        assert report["shown"]["fields"] == {"licence_number": "JY19900000000017"}
        assert report["receipt"]

    async def test_the_answer_to_a_verifiers_own_question_passes(self, service: Service) -> None:
        wallet = Wallet()
        shown = wallet.show(await credential(service, wallet), {"name"}, nonce="q-7")
        report = await verify(service, shown, nonce="q-7", audience="https://bank.example")
        assert report["indication"] == "TOTAL-PASSED"

    async def test_a_bound_credential_without_its_wallet_is_called_a_copy(self, service: Service) -> None:
        report = await verify(service, show(await credential(service, Wallet()), {"name"}))
        assert report["indication"] == "TOTAL-PASSED"
        assert checks(report)["Holder's wallet"] == "WARNING"

    async def test_the_downloaded_files_pass_when_uploaded(self, service: Service) -> None:
        made = await issue(service.agency)
        for format in ("json", "sd-jwt"):
            data = (await service.agency.get(f"{URL}/{made['id']}/file?format={format}")).content
            answer = await service.anyone.post("/api/v1/verifications", files={"file": (f"a.{format}", data)})
            assert answer.json()["indication"] == "TOTAL-PASSED", answer.text
            assert answer.json()["document"]["format"] == format
            assert answer.json()["licence"]["identifier"] == made["identifier"]

    async def test_the_page_says_in_words_what_is_shown(self, service: Service) -> None:
        shown = show(await credential(service), {"name", "business_form"})
        for language, words in (("zh-CN", ("主体业态", "持有人")), ("en", ("What the holder shows", "Holder"))):
            headers = {"Accept": "text/html", "Accept-Language": language}
            form = await service.anyone.get("/verify", headers=headers)
            token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)[0]
            sent = {"csrf_token": token, "qr": shown}
            origin = {"Origin": service.world.house.settings.public_url}
            page = await service.anyone.post("/verify", data=sent, files={"file": ("", b"")}, headers=headers | origin)
            assert page.status_code == 200, page.text
            for each in (CITIZEN_NAME, *words):
                assert each in page.text
            assert "<dd>catering" not in page.text
            assert CITIZEN_NUMBER not in page.text

    async def test_the_compact_form_of_the_json_passes_too(self, service: Service) -> None:
        token = await service.world.house.licence_vault.forms.signed_json(await licence_of(service))
        members = json.loads(token)
        compact = ".".join((members["protected"], members["payload"], members["signature"]))
        assert (await verify(service, compact))["indication"] == "TOTAL-PASSED"

    @pytest.mark.parametrize("action", ["revoke", "suspend"])
    async def test_how_the_licence_stands_decides(self, service: Service, action: str) -> None:
        made = await issue(service.agency)
        data = (await service.agency.get(f"{URL}/{made['id']}/file?format=sd-jwt")).text
        await service.agency.post(f"{URL}/{made['id']}/{action}", json={"cause": "查处"})
        report = await verify(service, data)
        assert report["indication"] == ("TOTAL-FAILED" if action == "revoke" else "INDETERMINATE")
        assert report["licence"]["status"] == {"revoke": "revoked", "suspend": "suspended"}[action]


class TestForgeries:
    async def test_no_signature_at_all(self, service: Service) -> None:
        token = await credential(service)
        _header, payload, _signature = token.split("~")[0].split(".")
        for algorithm in ("none", "None", "HS256"):
            forged = ".".join((encoded({"alg": algorithm, "typ": "dc+sd-jwt"}), payload, ""))
            report = await verify(service, forged + "~")
            assert report["indication"] != "TOTAL-PASSED"
            assert "shown" not in report

    async def test_another_algorithm_under_the_houses_kid(self, service: Service) -> None:
        token = await credential(service)
        kid = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]
        for header in ({"alg": "none", "kid": kid}, {"alg": "HS256", "kid": kid}, {"alg": "ES384", "kid": kid}):
            forged = ".".join((encoded(header | {"typ": "dc+sd-jwt"}), *token.split("~")[0].split(".")[1:]))
            assert (await verify(service, forged + "~"))["indication"] == "TOTAL-FAILED"

    async def test_a_key_of_the_forgers_own(self, service: Service) -> None:
        wallet, token = Wallet(), await credential(service)
        kid = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]
        by_kid = wallet.sign(payload_of(token), typ="dc+sd-jwt", kid=kid)
        report = await verify(service, by_kid + "~")
        assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")
        by_value = wallet.sign(payload_of(token), typ="dc+sd-jwt", jwk=wallet.public_key)
        report = await verify(service, by_value + "~")
        assert report["sub_indication"] == "NO_SIGNING_CERTIFICATE_FOUND"

    async def test_another_key_of_the_house(self, service: Service) -> None:
        claims = payload_of(await credential(service))
        signing = service.world.house.seal.signing
        for token in (await signing.sign_receipt(claims), await signing.sign_status_list(claims)):
            assert (await verify(service, token + "~"))["indication"] != "TOTAL-PASSED"

    async def test_one_form_passed_off_as_the_other(self, service: Service) -> None:
        token = await credential(service)
        as_json = await verify(service, token.split("~")[0])
        assert as_json["sub_indication"] == "SIG_CONSTRAINTS_FAILURE"
        as_sd_jwt = await verify(service, await signed(service, payload_of(token), "licence+jwt") + "~")
        assert as_sd_jwt["sub_indication"] == "SIG_CONSTRAINTS_FAILURE"

    @pytest.mark.parametrize(
        "change",
        [
            {"iss": "https://other.example"},
            {"vct": "https://other.example/api/v1/credential-types/a/1"},
            {"identifier": None},
            {"content_digest": 7},
        ],
    )
    async def test_claims_that_are_not_a_licence_of_this_issuer(self, service: Service, change: dict[str, Any]) -> None:
        claims = payload_of(await credential(service)) | change
        report = await verify(service, await signed(service, claims) + "~")
        assert report["sub_indication"] == "SIG_CONSTRAINTS_FAILURE"

    async def test_a_disclosure_of_somebody_elses_credential(self, service: Service) -> None:
        mine, theirs = SdJwt.parse(await credential(service)), SdJwt.parse(await credential(service))
        mixed = SdJwt(mine.jwt, (*mine.disclosures[:2], theirs.disclosures[3])).shown
        assert (await verify(service, mixed))["sub_indication"] == "HASH_FAILURE"

    async def test_a_changed_disclosure(self, service: Service) -> None:
        token = SdJwt.parse(await credential(service))
        forged = make_disclosure("李四", "name")
        report = await verify(service, SdJwt(token.jwt, (forged,)).shown)
        assert report["sub_indication"] == "HASH_FAILURE"

    @pytest.mark.parametrize("name", ["exp", "status", "cnf", "content_digest", "identifier"])
    async def test_what_decides_hidden_in_a_disclosure(self, service: Service, name: str) -> None:
        hidden = make_disclosure("x", name)
        claims = {key: value for key, value in payload_of(await credential(service)).items() if key != "_sd"}
        if name in ("content_digest", "identifier"):
            claims["holder"] = {"_sd": []}
        claims["_sd"] = [disclosure_digest(hidden)]
        report = await verify(service, f"{await signed(service, claims)}~{hidden}~")
        assert report["indication"] == "TOTAL-FAILED"

    async def test_a_digest_of_another_licence(self, service: Service) -> None:
        claims = payload_of(await credential(service))
        claims["content_digest"] = payload_of(await credential(service))["content_digest"]
        report = await verify(service, await signed(service, claims) + "~")
        assert (report["indication"], checks(report)["Issuer's record"]) == ("TOTAL-FAILED", "FAILED")
        assert "shown" not in report

    async def test_a_json_whose_content_does_not_give_its_digest(self, service: Service) -> None:
        members = json.loads(await service.world.house.licence_vault.forms.signed_json(await licence_of(service)))
        claims = json.loads(base64.urlsafe_b64decode(members["payload"] + "=="))
        claims["holder"]["name"] = "李四"
        report = await verify(service, await signed(service, claims, "licence+jwt"))
        assert (report["indication"], checks(report)["Content"]) == ("TOTAL-FAILED", "FAILED")

    async def test_json_with_an_unprotected_header_or_a_member_twice_is_not_taken(self, service: Service) -> None:
        token = (await service.world.house.licence_vault.forms.signed_json(await licence_of(service))).decode()
        for text in (token[:-1] + ', "header": {"alg": "none"}}', token[:-1] + ', "payload": "e30"}'):
            answer = await service.anyone.post("/api/v1/verifications", json={"credential": text})
            assert [each["field"] for each in problem(answer, 400)["errors"]] == ["credential"]


class TestKeyBinding:
    @pytest.mark.parametrize(
        "change",
        [
            {"sd_hash": "x"},
            {"sd_hash": None},
            {"aud": None},
            {"nonce": 7},
            {"iat": None},
            {"iat": 9_999_999_999},
        ],
    )
    async def test_a_binding_that_says_something_else(self, service: Service, change: dict[str, Any]) -> None:
        wallet = Wallet()
        shown = wallet.show(await credential(service, wallet), {"name"}, **change)
        report = await verify(service, shown)
        assert (report["indication"], checks(report)["Holder's wallet"]) == ("TOTAL-FAILED", "FAILED")

    async def test_a_binding_by_another_wallet(self, service: Service) -> None:
        shown = Wallet().show(await credential(service, Wallet()), {"name"})
        assert (await verify(service, shown))["indication"] == "TOTAL-FAILED"

    async def test_a_binding_on_a_credential_that_is_bound_to_nobody(self, service: Service) -> None:
        shown = Wallet().show(await credential(service), {"name"})
        assert (await verify(service, shown))["indication"] == "TOTAL-FAILED"

    async def test_a_disclosure_added_after_the_wallet_signed(self, service: Service) -> None:
        wallet = Wallet()
        token = await credential(service, wallet)
        little = SdJwt.parse(wallet.show(token, {"name"}))
        more = SdJwt.parse(token).disclosures[:4]
        report = await verify(service, SdJwt(little.jwt, more).shown + (little.key_binding or ""))
        assert checks(report)["Holder's wallet"] == "FAILED"

    async def test_a_wrong_type_of_binding(self, service: Service) -> None:
        wallet = Wallet()
        shown = SdJwt.parse(wallet.show(await credential(service, wallet), {"name"}))
        claims = payload_of(shown.key_binding or "")
        report = await verify(service, shown.shown + wallet.sign(claims, typ="jwt"))
        assert checks(report)["Holder's wallet"] == "FAILED"

    @pytest.mark.parametrize(
        "asked",
        [{"nonce": "q-8", "audience": "https://bank.example"}, {"nonce": "q-7", "audience": "https://a.example"}],
    )
    async def test_an_answer_to_another_question(self, service: Service, asked: dict[str, str]) -> None:
        wallet = Wallet()
        shown = wallet.show(await credential(service, wallet), {"name"}, nonce="q-7")
        assert checks(await verify(service, shown, **asked))["Holder's wallet"] == "FAILED"

    async def test_who_asks_a_question_gets_no_copy(self, service: Service) -> None:
        asked = {"nonce": "q", "audience": "https://bank.example"}
        for text in (await credential(service), show(await credential(service, Wallet()), {"name"})):
            assert (await verify(service, text, **asked))["indication"] == "TOTAL-FAILED"

    async def test_an_old_answer_warns_and_does_not_answer_a_question(self, service: Service) -> None:
        wallet, then = Wallet(), int(time.time()) - 3600
        shown = wallet.show(await credential(service, wallet), {"name"}, nonce="q", iat=then)
        assert checks(await verify(service, shown))["Holder's wallet"] == "WARNING"
        report = await verify(service, shown, nonce="q", audience="https://bank.example")
        assert checks(report)["Holder's wallet"] == "FAILED"

    async def test_half_a_question_is_refused(self, service: Service) -> None:
        body = {"credential": await credential(service), "nonce": "q"}
        problem(await service.anyone.post("/api/v1/verifications", json=body), 400)
