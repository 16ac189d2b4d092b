"""In a whole house: reports signed by its authority are checked again by the trust folder alone, and by others."""

import hashlib
import subprocess
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from lxml import etree

from kernel.clock import system_clock
from kernel.crypto.signatures import raw_to_der
from kernel.i18n import use_locale
from tests.houses import TestHouse, food_order, opened
from verify.cli import offline_trust
from verify.signed_reports.recheck import Outcome, RecheckTrust, recheck_report
from xinyin.chores import renew_trust_folder

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORMS = ("json", "jws", "xml", "pdf")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestHouse]:
    async with opened(tmp_path_factory.mktemp("reports")) as each:
        yield each


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def licence(house: TestHouse) -> bytes:
    """The sealed PDF of a licence of this house."""
    issued = await house.house.licence_vault.issuing.issue(food_order(), house.requester())
    return await house.house.licence_vault.lookup.file(issued, "pdf")


async def exported(house: TestHouse, licence: bytes, form: str) -> bytes:
    verify = house.house.verify
    report = await verify.upload.judge_file(licence, address="203.0.113.9")
    return await verify.reports.export(report, form)


@pytest.mark.parametrize("form", FORMS)
async def test_a_report_holds_by_the_trust_folder_alone(house: TestHouse, licence: bytes, form: str) -> None:
    data = await exported(house, licence, form)
    await renew_trust_folder(house.house)
    trust = offline_trust(house.house.settings.trust_directory, system_clock)
    found = recheck_report(data, trust, system_clock(), licence)
    assert (found.outcome, found.about_document) == (Outcome.HOLDS, True)
    assert found.report is not None
    assert found.report["indication"] == "TOTAL-PASSED"


async def test_it_names_the_lists_and_the_log_of_the_house(house: TestHouse, licence: bytes) -> None:
    report = await house.house.verify.upload.judge_file(licence, address="203.0.113.9")
    basis = (await house.house.verify.reports.answer(report))["basis"]
    rooms = house.house.licence_vault
    assert basis["log_checkpoint"] == await rooms.ledger.checkpoint()
    assert basis["licence_status_list"] == {
        "uri": rooms.statuses.uri(1),
        "sha256": hashlib.sha256((await rooms.statuses.token(1)).encode()).hexdigest(),
    }
    assert basis["seal_status_list"]["uri"].endswith("/api/v1/seals/status-list")
    assert len(basis["revocation_lists"]) >= 4


async def test_a_seal_of_the_same_authority_cannot_sign_reports(house: TestHouse, licence: bytes) -> None:
    """The sealed licence is a PDF that holds, by a certificate of the same authority: it is no report."""
    published = await house.house.trust.published()
    trust = RecheckTrust([key.spki for key in published.receipt_keys], await house.house.trust.store())
    assert recheck_report(licence, trust, system_clock()).outcome is Outcome.BROKEN


async def test_openssl_agrees_with_the_xml_signature(house: TestHouse, licence: bytes, tmp_path: Path) -> None:
    root = etree.fromstring(await exported(house, licence, "xml"))
    ds = "{http://www.w3.org/2000/09/xmldsig#}"
    info, value = root.find(f"{ds}Signature/{ds}SignedInfo"), root.findtext(f"{ds}Signature/{ds}SignatureValue")
    assert info is not None
    assert value is not None
    (tmp_path / "info").write_bytes(etree.tostring(info, method="c14n", exclusive=True))
    certificate = root.findtext(f".//{ds}X509Certificate") or ""
    (tmp_path / "signer.pem").write_text(
        f"-----BEGIN CERTIFICATE-----\n{chr(10).join(certificate[i : i + 64] for i in range(0, len(certificate), 64))}"
        "\n-----END CERTIFICATE-----\n"
    )
    key = subprocess.run(
        ["openssl", "x509", "-in", str(tmp_path / "signer.pem"), "-noout", "-pubkey"], capture_output=True, check=True
    ).stdout
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "signature").write_bytes(_as_der(value))
    command = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "info"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.stdout.strip() == "Verified OK"


async def test_what_is_kept_cannot_be_read_in_the_store(house: TestHouse, licence: bytes) -> None:
    with use_locale("en"):
        report = await house.house.verify.upload.judge_file(licence, address="203.0.113.9")
        told = await house.house.verify.reports.answer(report)
    place = f"verify:report:{hashlib.sha256(told['kept']['id'].encode()).hexdigest()}"
    kept = await house.house.foundation.ephemeral.get(place)
    assert kept is not None
    assert b"indication" not in kept
    assert told["kept"]["id"].encode() not in kept


def _as_der(value: str) -> bytes:
    return raw_to_der(b64decode(value))
