"""A file or QR text becomes a report: the seals judged, the licence's standing now, a signed receipt."""

import hashlib
import json
from io import BytesIO
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image

from kernel.crypto.jose import JwkSet, verify_jws
from kernel.crypto.private_keys import generate_key
from seal.documents.ofd.package import OfdPackage
from tests.seal.ofd_samples import zipped
from tests.seal.pki import SealPki
from tests.verify.sealed_files import licence_ofd, sealed_ofd
from tests.verify.world import CODE, HANDLE, PUBLIC_URL, World, qr_text, signed_claims, standing
from verify.receipt.receipt import report_digest
from verify.standing import LicenceState

URL = "/api/v1/verifications"


async def verify_file(client: httpx.AsyncClient, data: bytes) -> dict[str, Any]:
    answer = await client.post(URL, files={"file": ("licence.ofd", data, "application/octet-stream")})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


async def verify_text(client: httpx.AsyncClient, text: str) -> dict[str, Any]:
    answer = await client.post(URL, json={"qr": text})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def record(world: World, data: bytes, state: LicenceState = LicenceState.VALID) -> None:
    """Note in the ledger that this file was sealed for the licence."""
    world.registry.by_digest[hashlib.sha256(data).hexdigest()] = standing(state)


class TestFiles:
    async def test_the_recorded_file_of_a_valid_licence_passes(
        self, world: World, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        data = sealed_ofd(pki)
        record(world, data)
        report = await verify_file(client, data)
        assert (report["indication"], report["code"]) == ("TOTAL-PASSED", 0)
        assert report["document"] == {"format": "ofd", "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        assert [each["kind"] for each in report["signatures"]] == ["SES"]
        assert report["signatures"][0]["covers_whole_document"] is True
        assert report["licence"]["status"] == "valid"
        assert report["licence"]["holder_masked"] == "*******公司"

    async def test_a_revoked_licence_fails_although_its_seal_holds(
        self, world: World, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        data = sealed_ofd(pki)
        record(world, data, LicenceState.REVOKED)
        report = await verify_file(client, data)
        assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "REVOKED")
        assert report["reason"] == "The issuer has revoked the licence for good."
        assert (report["code"], report["licence"]["code"]) == (2, 3)
        assert report["signatures"][0]["indication"] == "TOTAL-PASSED"

    @pytest.mark.parametrize(
        ("state", "indication", "why"),
        [
            (LicenceState.SUSPENDED, "INDETERMINATE", "TRY_LATER"),
            (LicenceState.EXPIRED, "TOTAL-FAILED", "EXPIRED"),
            (LicenceState.SUPERSEDED, "INDETERMINATE", "SUPERSEDED"),
        ],
    )
    async def test_other_states_never_pass(
        self, world: World, pki: SealPki, client: httpx.AsyncClient, state: LicenceState, indication: str, why: str
    ) -> None:
        data = sealed_ofd(pki)
        record(world, data, state)
        report = await verify_file(client, data)
        assert (report["indication"], report["sub_indication"]) == (indication, why)

    async def test_a_changed_file_fails_and_is_not_excused_by_a_good_licence(
        self, world: World, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        package = OfdPackage.read(sealed_ofd(pki))
        page = "Doc_0/Pages/Page_0/Content.xml"
        changed = package.with_files({page: package.files[page].replace("营业".encode(), "执业".encode())})
        world.registry.by_digest["other"] = standing()
        report = await verify_file(client, changed.to_bytes())
        assert (report["indication"], report["sub_indication"], report["code"]) == ("TOTAL-FAILED", "HASH_FAILURE", 2)

    async def test_a_file_resealed_under_a_known_identifier_is_not_the_recorded_one(
        self, world: World, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        world.registry.by_digest["the digest of the real file"] = standing()
        report = await verify_file(client, sealed_ofd(pki))
        assert (report["indication"], report["sub_indication"]) == ("INDETERMINATE", "HASH_FAILURE")
        assert any("not the file that the issuer recorded" in check["detail"] for check in report["checks"])

    async def test_a_sealed_file_that_names_an_unknown_licence_is_not_confirmed(
        self, world: World, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        world.registry.by_handle.clear()
        report = await verify_file(client, sealed_ofd(pki))
        assert (report["indication"], report["sub_indication"]) == ("INDETERMINATE", "NO_RECORD")
        assert "licence" not in report

    async def test_a_sealed_letter_that_is_no_licence_passes_by_its_seal_alone(
        self, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        report = await verify_file(client, sealed_ofd(pki, None))
        assert (report["indication"], report["code"]) == ("TOTAL-PASSED", 0)
        assert report["checks"][-1]["result"] == "WARNING"

    async def test_a_file_without_a_seal_is_never_passed(self, world: World, client: httpx.AsyncClient) -> None:
        report = await verify_file(client, licence_ofd())
        assert (report["indication"], report["sub_indication"]) == ("INDETERMINATE", "NO_SIGNATURE")

    async def test_a_seal_from_outside_the_trust_list_is_not_confirmed(
        self, world: World, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        data = sealed_ofd(pki)
        record(world, data)
        world.trust.anchored = False
        assert (await verify_file(client, data))["indication"] == "INDETERMINATE"

    @pytest.mark.parametrize("data", [b"hello", b"%PDF-1.7 nothing", b"PK\x03\x04 nothing", zipped({"a": b"b"})])
    async def test_an_unreadable_file_is_a_report(self, client: httpx.AsyncClient, data: bytes) -> None:
        report = await verify_file(client, data)
        assert (report["indication"], report["sub_indication"]) == ("INDETERMINATE", "FORMAT_FAILURE")
        assert (report["code"], report["signatures"]) == (2, [])

    async def test_a_missing_file_is_an_error(self, client: httpx.AsyncClient) -> None:
        for answer in (await client.post(URL), await client.post(URL, files={"other": b"x"})):
            assert answer.status_code == 400
            assert answer.headers["content-type"] == "application/problem+json"

    async def test_an_oversized_file_is_an_error(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(URL, files={"file": ("big.pdf", b"%PDF-" + bytes(20 * 1024 * 1024))})
        assert answer.status_code == 413


class TestQrTexts:
    async def test_the_static_code_is_judged_by_its_signature_and_its_standing(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        report = await verify_text(client, qr_text(world.trust.qr_key))
        assert (report["indication"], report["code"]) == ("TOTAL-PASSED", 0)
        assert [each["kind"] for each in report["signatures"]] == ["COSE"]
        assert report["licence"]["identifier"] == standing().identifier

    async def test_a_revoked_licence_has_the_national_code_of_no_longer_valid(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.registry.by_handle[HANDLE] = standing(LicenceState.REVOKED)
        report = await verify_text(client, qr_text(world.trust.qr_key))
        assert (report["indication"], report["sub_indication"], report["code"]) == ("TOTAL-FAILED", "REVOKED", 3)

    async def test_claims_signed_by_somebody_else_are_not_believed(self, client: httpx.AsyncClient) -> None:
        report = await verify_text(client, qr_text(generate_key("ES256")))
        assert (report["indication"], report["sub_indication"]) == ("INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND")

    async def test_claims_of_another_licence_under_this_handle_fail(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        report = await verify_text(client, qr_text(world.trust.qr_key, identifier="1.2.156.3005.2.other"))
        assert report["indication"] == "TOTAL-FAILED"
        assert "licence" not in report

    async def test_a_tampered_signature_fails(self, world: World, client: httpx.AsyncClient) -> None:
        text = qr_text(world.trust.qr_key)
        report = await verify_text(client, text[:-8] + "AAAAAAAA")
        assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")

    async def test_a_code_from_a_phone_is_opened_once_for_the_verifier(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        world.registry.presented[CODE] = standing()
        assert (await verify_text(client, f"{PUBLIC_URL}/v/{CODE}"))["indication"] == "TOTAL-PASSED"

    async def test_an_unknown_handle_is_not_confirmed(self, client: httpx.AsyncClient) -> None:
        report = await verify_text(client, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        assert (report["indication"], report["sub_indication"], report["code"]) == ("INDETERMINATE", "NO_RECORD", 5)

    @pytest.mark.parametrize("body", [{"qr": "nonsense"}, {"qr": 7}, {}, ["qr"]])
    async def test_nonsense_is_an_error(self, client: httpx.AsyncClient, body: object) -> None:
        assert (await client.post(URL, json=body)).status_code == 400

    async def test_a_photo_of_the_code_is_read(self, world: World, client: httpx.AsyncClient) -> None:
        report = await verify_file(client, photo(qr_text(world.trust.qr_key)))
        assert (report["indication"], report["document"]["format"]) == ("TOTAL-PASSED", "qr")

    async def test_a_photo_without_a_code_is_an_error_that_says_so(self, client: httpx.AsyncClient) -> None:
        buffer = BytesIO()
        Image.new("L", (200, 200), 255).save(buffer, "PNG")
        answer = await client.post(URL, files={"file": ("photo.png", buffer.getvalue())})
        assert answer.status_code == 400
        assert "no QR code in this picture" in answer.json()["detail"]


def photo(text: str) -> bytes:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    buffer = BytesIO()
    Image.fromarray(code.to_image(scale=5)).rotate(4, expand=True, fillcolor=255).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


class TestReceipts:
    async def test_the_receipt_is_signed_over_the_report_itself(
        self, world: World, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        data = sealed_ofd(pki)
        record(world, data)
        report = await verify_file(client, data)
        _header, payload = verify_jws(report["receipt"], JwkSet.of([world.signer.key.public_spki]), ["ES256"])
        claims = json.loads(payload)
        assert claims["report_digest"] == {"sha-256": report_digest(report)}
        assert claims["document_digest"] == report["document"]["digest"]
        assert (claims["iss"], claims["indication"], claims["code"]) == (PUBLIC_URL, "TOTAL-PASSED", 0)
        assert report_digest(report | {"indication": "TOTAL-FAILED"}) != report_digest(report)


class TestPage:
    async def test_a_person_uploads_and_reads_the_report(
        self, world: World, pki: SealPki, client: httpx.AsyncClient
    ) -> None:
        data = sealed_ofd(pki)
        record(world, data, LicenceState.REVOKED)
        page = await post_page(client, files={"file": ("a.ofd", data)})
        assert page.status_code == 200
        for text in ("Revoked", "The issuer has revoked the licence for good.", "营业执照", "zhengzhao.example.cn"):
            assert text in page.text

    async def test_sending_nothing_says_what_to_do(self, client: httpx.AsyncClient) -> None:
        page = await post_page(client, data={"qr": ""})
        assert page.status_code == 400
        assert "Choose a file, or paste the text of a QR code." in page.text

    async def test_a_form_from_elsewhere_is_refused(self, client: httpx.AsyncClient) -> None:
        headers = {"Accept": "text/html", "Origin": "https://evil.example"}
        assert (await client.post("/verify", data={"qr": HANDLE}, headers=headers)).status_code == 403


async def post_page(client: httpx.AsyncClient, **sent: Any) -> httpx.Response:
    form = (await client.get("/verify", headers={"Accept": "text/html"})).text
    token = form.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": token, **sent.pop("data", {})}
    return await client.post("/verify", data=data, headers={"Accept": "text/html"}, **sent)


async def test_the_api_is_described(world: World) -> None:
    described = world.app.openapi()["paths"][URL]["post"]
    assert set(described["requestBody"]["content"]) == {"multipart/form-data", "application/json"}


def test_the_static_code_stays_small_enough_to_print(world: World) -> None:
    assert len(signed_claims(world.trust.qr_key)) < 700
