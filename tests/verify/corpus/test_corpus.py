"""None of the corpus is accepted, none is an error of ours, none takes long or much; what it was bent from passes."""

import importlib
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
import pytest_asyncio

from kernel.errors import InvalidInput
from licence_vault.ledger.verification import verify_proof
from seal.validation.report import Check, CheckResult
from tests.seal.pki import NOW
from tests.verify.corpus.case import CASES, Case, Format
from tests.verify.corpus.log_material import LEAF, ORIGIN
from tests.verify.corpus.material import Material
from tests.verify.corpus.signed_material import AUDIENCE, DIGEST, NONCE, PLACE, STATUS_URI
from tests.verify.world import Registry, World, standing
from verify.standing import LicenceStanding
from verify.status.judging import StatusReference, judge_status, readable_lists
from verify.upload.judging.pool import JudgingPool

for _path in sorted(Path(__file__).parent.glob("*.py")):
    if not _path.name.startswith("test_"):
        importlib.import_module(f"tests.verify.corpus.{_path.stem}")

in_one_loop = pytest.mark.asyncio(loop_scope="module")

SECONDS, MEBIBYTES = 10.0, 512
"""For one file, on a machine that does other things too; the judges' own limits are harder."""
CALM = (200, 400, 413)


@pytest.fixture(scope="module")
def material() -> Material:
    return Material()


class CredulousRegistry(Registry):
    """An issuer whose record holds every file there is: what is refused is refused for itself."""

    async def find_by_file_digest(self, sha256: str) -> LicenceStanding | None:
        return standing(content_digest=DIGEST)

    async def find_by_handle(self, handle: str) -> LicenceStanding | None:
        return standing(content_digest=DIGEST)

    async def find_by_identifier(self, identifier: str) -> LicenceStanding | None:
        return standing(content_digest=DIGEST)

    async def field_texts(self, code: str, version: int, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
        return []


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgingPool]:
    made = JudgingPool()
    yield made
    made.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(material: Material, pool: JudgingPool) -> AsyncIterator[httpx.AsyncClient]:
    """The API with judges in processes of their own, as it runs."""
    world = World(material.pki)
    world.build(trust=material, receipts=world.signer, standings=CredulousRegistry(), judges=pool)
    headers = {"Accept-Language": "en", "Accept": "application/json"}
    transport = httpx.ASGITransport(app=world.app, client=("203.0.113.7", 40000), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://x.example", headers=headers) as each:
        yield each


async def judged(client: httpx.AsyncClient, data: bytes, format: Format = "pdf") -> httpx.Response:
    if format == "sd-jwt":
        asked = {"credential": data.decode()} | ({} if data.endswith(b"~") else {"nonce": NONCE, "audience": AUDIENCE})
        return await client.post("/api/v1/verifications", json=asked)
    if format == "qr":
        return await client.post("/api/v1/verifications", json={"qr": data.decode()})
    return await client.post("/api/v1/verifications", files={"file": ("licence", data, "application/octet-stream")})


def cases(*formats: str) -> Any:
    listed = [each for each in CASES if each.format in formats]
    return pytest.mark.parametrize("case", listed, ids=lambda case: f"{case.format}-{case.name}")


@pytest.mark.parametrize("format", get_args(Format))
def test_there_are_many_of_each(format: Format) -> None:
    assert len([each for each in CASES if each.format == format]) >= 50


@in_one_loop
async def test_what_the_corpus_was_bent_from_passes(material: Material, client: httpx.AsyncClient) -> None:
    """So a case that is refused is refused for what was bent."""
    for data in (material.ofd, material.other_ofd, material.pdf, material.other_pdf):
        report = (await judged(client, data)).json()
        assert report["indication"] == "TOTAL-PASSED", report
    signed = material.signed
    texts: list[tuple[Format, str]] = [("sd-jwt", signed.shown()), ("sd-jwt", signed.bound()), ("qr", signed.qr())]
    for format, text in texts:
        report = (await judged(client, text.encode(), format)).json()
        assert report["indication"] == "TOTAL-PASSED", report
    assert told_by_list(material, signed.status_token(signed.status_claims({}))).result is CheckResult.PASSED
    for proof in (json.dumps(material.log.proof.to_json()), material.log.proof.to_tlog_proof()):
        assert verify_proof(proof, None, material.log.key.spki, origin=ORIGIN, digest=material.log.digest).index == LEAF


@in_one_loop
@pytest.mark.filterwarnings("ignore:Duplicate name")
@cases("ofd", "pdf", "sd-jwt", "qr")
async def test_it_is_refused_calmly(
    case: Case, material: Material, client: httpx.AsyncClient, pool: JudgingPool
) -> None:
    data = case.make(material)
    started = time.monotonic()
    answer = await judged(client, data, case.format)
    took = time.monotonic() - started

    assert answer.status_code in CALM, answer.text
    if answer.status_code == 200:
        report = answer.json()
        assert report["indication"] != "TOTAL-PASSED", f"{case.attack} {report}"
    assert took < SECONDS
    assert peak_mebibytes(pool) < MEBIBYTES


@cases("status")
def test_no_list_clears_a_licence(case: Case, material: Material) -> None:
    """Whoever has this list, beside the one that says revoked or alone, is never told that the licence stands."""
    started = time.monotonic()
    alone = told_by_list(material, case.make(material).decode())

    assert alone.result is not CheckResult.PASSED, case.attack
    assert time.monotonic() - started < SECONDS


@cases("proof")
def test_no_proof_holds(case: Case, material: Material) -> None:
    started, log = time.monotonic(), material.log
    with pytest.raises(InvalidInput):
        verify_proof(case.make(material).decode(), None, log.key.spki, origin=ORIGIN, digest=log.digest)
    assert time.monotonic() - started < SECONDS


def told_by_list(material: Material, token: str) -> Check:
    """What a verifier without a connection says of the licence by this one list."""
    lists = readable_lists([token], list(material.signed.keys["status_keys"]))
    reference = StatusReference(STATUS_URI, PLACE)
    return judge_status(reference, NOW - timedelta(days=3), lists, NOW)[1]


def peak_mebibytes(pool: JudgingPool) -> int:
    """The most memory that one of the judges ever held (proc(5), VmHWM)."""
    peaks = [0]
    for judge in list(pool._free.queue):
        if judge is not None:
            facts = Path(f"/proc/self/fdinfo/{judge._pidfd}").read_text(encoding="ascii")
            (process,) = (line.split()[1] for line in facts.splitlines() if line.startswith("Pid:"))
            status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
            peaks += [int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM:")]
    return max(peaks)
