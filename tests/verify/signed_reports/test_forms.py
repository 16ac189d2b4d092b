"""A report is given signed as JSON, JWS, XML and PDF, for a while under an address, and each can be checked again."""

import base64
import hashlib
import json
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import pytest
from lxml import etree
from signxml.verifier import XMLVerifier

from kernel.i18n import use_locale
from tests.seal.pki import NOW, SealPki
from tests.verify.sealed_files import sealed_ofd
from tests.verify.world import PUBLIC_URL, World, qr_text, standing
from verify.signed_reports.policy import policy_sha256, policy_text
from verify.signed_reports.recheck import Recheck, RecheckTrust, recheck_report
from verify.standing import LicenceState

SCHEMA = Path(__file__).parents[2] / "vectors" / "etsi_ts_119_102_2" / "ts_11910202.xsd"
URL = "/api/v1/verifications"
VR = "{http://uri.etsi.org/19102/v1.2.1#}"
FORMS = ("json", "jws", "xml", "pdf")


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA))


@pytest.fixture
def document(world: World, pki: SealPki) -> bytes:
    """The sealed file of a licence in force."""
    data = sealed_ofd(pki)
    world.registry.by_digest[hashlib.sha256(data).hexdigest()] = standing()
    return data


async def judged(client: httpx.AsyncClient, data: bytes) -> dict[str, Any]:
    answer = await client.post(URL, files={"file": ("licence.ofd", data, "application/octet-stream")})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


async def form_of(client: httpx.AsyncClient, report: dict[str, Any], form: str, **query: str) -> bytes:
    answer = await client.get(report["kept"]["url"], params={"format": form, **query})
    assert answer.status_code == 200, answer.text
    return answer.content


async def checked(world: World, data: bytes, document: bytes | None = None) -> Recheck:
    keys = [world.signer.key.public_spki, world.report_sealer.holder.key.public_spki]
    trust = RecheckTrust(keys, await world.trust.store())
    with use_locale("en"):
        return recheck_report(data, trust, NOW, document)


class TestTheBasis:
    async def test_a_report_says_on_what_it_rests(self, client: httpx.AsyncClient, document: bytes) -> None:
        basis = (await judged(client, document))["basis"]
        assert basis["policy"]["sha256"] == policy_sha256()
        assert basis["time"] == {"source": "system-clock", "value": NOW.isoformat()}
        assert basis["seal_status_list"]["sha256"] == hashlib.sha256(b"seals").hexdigest()
        assert basis["licence_status_list"]["sha256"] == hashlib.sha256(b"licences").hexdigest()
        assert basis["log_checkpoint"].startswith("zhengzhao.example.cn/log\n3\n")
        assert basis["software"] == {"name": "Xinyin", "version": "0.1.0"}

    async def test_the_rules_it_names_can_be_read(self, client: httpx.AsyncClient, document: bytes) -> None:
        uri = (await judged(client, document))["basis"]["policy"]["uri"]
        answer = await client.get(uri)
        assert (answer.status_code, answer.content) == (200, policy_text())


class TestTheForms:
    @pytest.mark.parametrize("form", FORMS)
    async def test_each_form_can_be_checked_again_with_its_document(
        self, world: World, client: httpx.AsyncClient, document: bytes, form: str
    ) -> None:
        data = await form_of(client, await judged(client, document), form)
        found = await checked(world, data, document)
        assert (found.form, found.holds, found.about_document) == (form, True, True), found.outcome
        assert found.report is not None
        assert found.report["indication"] == "TOTAL-PASSED"
        assert found.issuer == PUBLIC_URL

    @pytest.mark.parametrize("form", FORMS)
    async def test_none_holds_for_another_document(
        self, world: World, client: httpx.AsyncClient, document: bytes, form: str
    ) -> None:
        data = await form_of(client, await judged(client, document), form)
        found = await checked(world, data, document + b" ")
        assert (found.holds, found.about_document) == (False, False)

    @pytest.mark.parametrize("form", FORMS)
    async def test_a_change_anywhere_is_seen(
        self, world: World, client: httpx.AsyncClient, document: bytes, form: str
    ) -> None:
        """A byte in each part of the file; what still holds must say the same."""
        data = await form_of(client, await judged(client, document), form)
        original = await checked(world, data)
        for place in range(7, len(data), max(1, len(data) // 41)):
            changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            found = await checked(world, changed)
            assert not found.holds or found.report == original.report, place

    @pytest.mark.parametrize("form", FORMS)
    async def test_keys_that_are_not_trusted_vouch_for_nothing(
        self, world: World, client: httpx.AsyncClient, document: bytes, form: str
    ) -> None:
        data = await form_of(client, await judged(client, document), form)
        trust = RecheckTrust([World(world.pki).signer.key.public_spki], await world.trust.store())
        assert not recheck_report(data, trust, NOW).holds

    async def test_the_answer_itself_can_be_checked_again(
        self, world: World, client: httpx.AsyncClient, document: bytes
    ) -> None:
        report = await judged(client, document)
        assert (await checked(world, json.dumps(report).encode(), document)).holds
        report["indication"] = "TOTAL-FAILED"
        assert not (await checked(world, json.dumps(report).encode())).holds

    @pytest.mark.parametrize("data", [b"", b"{}", b"a.b.c", b"<x/>", b"%PDF-1.7", b"\x00\xff", b"<!DOCTYPE a><a/>"])
    async def test_what_is_no_report_does_not_hold(self, world: World, data: bytes) -> None:
        assert not (await checked(world, data)).holds


class TestXml:
    async def test_it_fits_the_schema(
        self, world: World, client: httpx.AsyncClient, document: bytes, schema: etree.XMLSchema
    ) -> None:
        unsigned, code = b"%PDF-1.7 without a seal", qr_text(world.trust.qr_key)
        reports = [await judged(client, document), await judged(client, unsigned)]
        reports.append((await client.post(URL, json={"qr": code})).json())
        for report in reports:
            root = etree.fromstring(await form_of(client, report, "xml"))
            schema.assertValid(root)

    async def test_it_says_what_was_found_in_the_standards_words(
        self, client: httpx.AsyncClient, document: bytes
    ) -> None:
        root = etree.fromstring(await form_of(client, await judged(client, document), "xml"))
        status = f"{VR}SignatureValidationReport/{VR}SignatureValidationStatus/{VR}MainIndication"
        assert [each.text for each in root.iterfind(status)] == ["urn:etsi:019102:mainindication:total-passed"]
        identifiers = [each.text or "" for each in root.iter(f"{VR}ValidationConstraintIdentifier")]
        assert "urn:xinyin:check:licence-status" in identifiers
        assert len(identifiers) == len(list(root.iter(f"{VR}ConstraintStatus")))

    async def test_a_seal_that_holds_is_not_taken_for_a_licence_in_force(
        self, world: World, client: httpx.AsyncClient, document: bytes
    ) -> None:
        world.registry.by_digest[hashlib.sha256(document).hexdigest()] = standing(LicenceState.REVOKED)
        root = etree.fromstring(await form_of(client, await judged(client, document), "xml"))
        verdict = root.find(f"{VR}SignatureValidationReport/{{urn:xinyin:verification-report:1}}Verdict")
        assert verdict is not None
        assert (verdict.get("indication"), verdict.get("subIndication")) == ("TOTAL-FAILED", "REVOKED")

    async def test_another_library_agrees_with_the_signature(
        self, world: World, client: httpx.AsyncClient, document: bytes
    ) -> None:
        data = await form_of(client, await judged(client, document), "xml")
        certificate = world.report_sealer.holder.certificate.der
        signed: Any = XMLVerifier().verify(data, x509_cert=_pem(certificate), expect_references=2)
        assert etree.QName(signed[0].signed_xml).localname == "ValidationReport"


class TestPdf:
    @pytest.mark.parametrize(("lang", "title"), [("zh_CN", "核验报告"), ("en", "Verification report")])
    async def test_it_speaks_the_readers_language(
        self, client: httpx.AsyncClient, document: bytes, lang: str, title: str
    ) -> None:
        data = await form_of(client, await judged(client, document), "pdf", lang=lang)
        pages = pypdfium2.PdfDocument(BytesIO(data))
        text = "".join(page.get_textpage().get_text_range() for page in pages)
        assert title in text
        assert "TOTAL-PASSED" in text
        assert "zhengzhao.example.cn/log" in text

    @pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler-utils are not installed")
    async def test_pdfsig_finds_the_signature_over_all_of_it(
        self, client: httpx.AsyncClient, document: bytes, tmp_path: Path
    ) -> None:
        path = tmp_path / "report.pdf"
        path.write_bytes(await form_of(client, await judged(client, document), "pdf"))
        said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
        assert "Signature Validation: Signature is Valid." in said
        assert "Total document signed" in said


class TestTheAddress:
    async def test_nobody_finds_a_report_without_it(self, client: httpx.AsyncClient, document: bytes) -> None:
        report = await judged(client, document)
        other = report["kept"]["id"][:-1] + ("A" if report["kept"]["id"][-1] != "A" else "B")
        assert (await client.get(f"{URL}/{other}")).status_code == 404

    async def test_it_ends(self, world: World, client: httpx.AsyncClient, document: bytes) -> None:
        url = (await judged(client, document))["kept"]["url"]
        world.pass_time(hours=1, seconds=1)
        assert (await client.get(url)).status_code == 404

    async def test_nothing_on_the_way_keeps_it(self, client: httpx.AsyncClient, document: bytes) -> None:
        answer = await client.get((await judged(client, document))["kept"]["url"])
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"

    async def test_the_accept_header_chooses_the_form(self, client: httpx.AsyncClient, document: bytes) -> None:
        url = (await judged(client, document))["kept"]["url"]
        answer = await client.get(url, headers={"Accept": "application/pdf"})
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")

    async def test_another_form_is_an_error_that_says_which_there_are(
        self, client: httpx.AsyncClient, document: bytes
    ) -> None:
        answer = await client.get((await judged(client, document))["kept"]["url"], params={"format": "docx"})
        assert answer.status_code in (400, 422)
        assert "json, jws, xml or pdf" in answer.text


def _pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


class TestWithoutAnchors:
    async def test_a_whole_file_of_somebody_unknown_is_said_to_be_whole(
        self, world: World, client: httpx.AsyncClient, document: bytes
    ) -> None:
        world.trust.anchored = False
        report = await judged(client, document)
        assert (report["indication"], report["sub_indication"]) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
        assert report["reason"].startswith("The file is whole and unchanged since it was sealed, but")

    async def test_a_changed_one_is_not(self, world: World, client: httpx.AsyncClient, document: bytes) -> None:
        world.trust.anchored = False
        place = len(document) // 2
        changed = document[:place] + bytes([document[place] ^ 1]) + document[place + 1 :]
        report = await judged(client, changed)
        assert "whole and unchanged" not in report["reason"]
