"""With a trust directory and no server, files and signed codes are judged the same, except for their status now."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest

from kernel.crypto.jose import JwkSet, verify_jws
from kernel.crypto.private_keys import generate_key
from kernel.errors import InvalidInput
from tests.seal.files import sealed_ofd as sealed
from tests.seal.pki import NOW, Authority, SealPki
from tests.verify.sealed_files import licence_ofd, sealed_ofd
from tests.verify.world import HANDLE, PUBLIC_URL, World, qr_key_entry, qr_text
from verify.cli import verify_offline
from verify.report.text import render_text
from verify.trust_list.directory import TrustDirectory, export_trust_list
from verify.trust_list.document import Anchor, TrustList, digest_of


@pytest.fixture
async def trust_dir(world: World, tmp_path: Path) -> Path:
    export_trust_list(await world.trust.published(), tmp_path / "trust")
    return tmp_path / "trust"


async def test_the_published_list_is_signed_and_names_its_own_digest(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/trust-list")
    trust = answer.json()
    assert trust["digest"] == f"sha-256:{digest_of(trust)}"
    _header, payload = verify_jws(trust["signature"], JwkSet.of([world.signer.key.public_spki]), ["ES256"])
    assert json.loads(payload)["digest"] == trust["digest"]
    assert [key["kid"] for key in trust["qr_keys"]] == [qr_key_entry(world.trust.qr_key).kid]
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_what_is_exported_loads_again(world: World, trust_dir: Path) -> None:
    published, loaded = await world.trust.published(), TrustDirectory.load(trust_dir).trust
    assert (len(loaded.crls), loaded.issued_at) == (len(published.crls), NOW)
    assert [each.certificate for each in loaded.anchors] == [each.certificate for each in published.anchors]
    assert list(loaded.qr_keys) == list(published.qr_keys)


async def test_a_new_export_forgets_withdrawn_anchors(world: World, trust_dir: Path) -> None:
    published = await world.trust.published()
    export_trust_list(replace(published, anchors=published.anchors[:1]), trust_dir)
    assert len(TrustDirectory.load(trust_dir).trust.anchors) == 1


def test_a_sealed_file_passes_and_its_status_is_said_to_be_unchecked(
    world: World, pki: SealPki, trust_dir: Path
) -> None:
    report = verify_offline(sealed_ofd(pki), trust_dir, world.clock)
    assert report.to_dict()["indication"] == "TOTAL-PASSED"
    assert report.to_dict()["checks"][-1]["result"] == "WARNING"


def test_a_signed_code_passes_until_its_validity_ends(world: World, trust_dir: Path) -> None:
    text = qr_text(world.trust.qr_key, valid_to=date(2026, 11, 30))
    assert verify_offline(text, trust_dir, world.clock).to_dict()["indication"] == "TOTAL-PASSED"
    world.pass_time(days=10)
    late = verify_offline(text, trust_dir, world.clock).to_dict()
    assert (late["indication"], late["sub_indication"]) == ("TOTAL-FAILED", "EXPIRED")


def test_an_sm2_signed_code_is_read_too(world: World, trust_dir: Path) -> None:
    key = generate_key("SM2-SM3")
    (trust_dir / "qr-keys.json").write_text(json.dumps([qr_key_entry(key).to_json()]))
    report = verify_offline(qr_text(key), trust_dir, world.clock)
    assert report.to_dict()["signatures"][0]["indication"] == "TOTAL-PASSED"


def test_a_reused_key_id_means_trying_every_key(world: World, trust_dir: Path) -> None:
    right, wrong = qr_key_entry(world.trust.qr_key), qr_key_entry(generate_key("ES256"))
    entries = [replace(wrong, kid=right.kid).to_json(), right.to_json()]
    (trust_dir / "qr-keys.json").write_text(json.dumps(entries))
    assert verify_offline(qr_text(world.trust.qr_key), trust_dir, world.clock).to_dict()["indication"] == "TOTAL-PASSED"


def test_a_code_without_signature_needs_the_service(world: World, trust_dir: Path) -> None:
    with pytest.raises(InvalidInput, match="only be checked online"):
        verify_offline(f"{PUBLIC_URL}/v/{HANDLE}", trust_dir, world.clock)


@pytest.mark.parametrize("content", ["{", '[{"kid": "1"}]', '[{"kid":"1","alg":"ES256","spki":"?","issuer":"x"}]', "7"])
def test_a_damaged_trust_directory_is_named(world: World, trust_dir: Path, content: str) -> None:
    (trust_dir / "qr-keys.json").write_text(content)
    with pytest.raises(InvalidInput, match="trust list cannot be read"):
        verify_offline(b"", trust_dir, world.clock)


def test_a_missing_trust_directory_is_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no trust directory"):
        verify_offline(b"", tmp_path / "nowhere", world.clock)


def test_the_report_reads_well_in_both_languages(world: World, pki: SealPki, trust_dir: Path) -> None:
    report = verify_offline(sealed_ofd(pki), trust_dir, world.clock)
    english, chinese = render_text(report, "en"), render_text(report, "zh_CN")
    assert english.startswith("✓ Genuine and in order — Everything that was checked holds.\n  TOTAL-PASSED")
    assert chinese.startswith("✓ 真实有效 — 所有核验项均通过。\n")
    assert "SES" in chinese


@pytest.mark.parametrize(("folder", "indication"), [("anchors", "TOTAL-PASSED"), ("signer_anchors", "INDETERMINATE")])
def test_a_root_for_signers_alone_makes_no_seals_offline(
    world: World, pki: SealPki, tmp_path: Path, folder: str, indication: str
) -> None:
    """Another customer of an outside authority makes a seal in our name: its certificate chains, its seal does not."""
    outside = Authority.create("SM2-SM3", "Outside")
    maker, signer = outside.issue("Some customer"), outside.issue("99000000000001")
    forged = sealed(pki, licence_ofd(None), signer=signer, seal=pki.make_seal(signer, maker=maker))
    roots = {
        "anchors": [Anchor("house", pki.sm2.root.certificate.der)],
        "signer_anchors": [],
    }
    roots[folder] = [*roots[folder], Anchor("outside", outside.root.certificate.der)]
    intermediates = [outside.issuing.certificate.der]
    export_trust_list(TrustList(issued_at=NOW, intermediates=intermediates, **roots), tmp_path / "trust")

    report = verify_offline(forged, tmp_path / "trust", world.clock)

    assert report.to_dict()["indication"] == indication
