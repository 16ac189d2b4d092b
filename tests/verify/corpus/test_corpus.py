"""None of the corpus is accepted, none is an error of ours, none takes long or much; what it was bent from passes."""

import importlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from kernel.ephemeral.memory import InProcessStore
from tests.seal.pki import NOW
from tests.verify.corpus.case import CASES, Case, Format
from tests.verify.corpus.material import Material
from tests.verify.world import Registry, World, standing
from verify import app as verify_app
from verify.standing import LicenceStanding
from verify.upload.judging.pool import JudgingPool

for _path in sorted(Path(__file__).parent.glob("*_*.py")):
    if not _path.name.startswith("test_"):
        importlib.import_module(f"tests.verify.corpus.{_path.stem}")

in_one_loop = pytest.mark.asyncio(loop_scope="module")

FORMATS: tuple[Format, ...] = ("ofd", "pdf")
SECONDS, MEBIBYTES = 10.0, 512
"""For one file, on a machine that does other things too; the judges' own limits are harder."""
CALM = (200, 400, 413)


@pytest.fixture(scope="module")
def material() -> Material:
    return Material()


class CredulousRegistry(Registry):
    """An issuer whose record holds every file there is: what is refused is refused for itself."""

    async def find_by_file_digest(self, sha256: str) -> LicenceStanding | None:
        return standing()


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgingPool]:
    made = JudgingPool()
    yield made
    made.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(material: Material, pool: JudgingPool) -> AsyncIterator[httpx.AsyncClient]:
    """The API with judges in processes of their own, as it runs."""
    world, registry, budget = World(material.pki), CredulousRegistry(), InProcessStore()
    world.app.state.verify = verify_app.build_services(
        verify_app.Neighbours(registry, registry, material, world.signer, budget, pool),
        public_url="https://zhengzhao.example.cn",
        clock=lambda: NOW,
    )
    headers = {"Accept-Language": "en", "Accept": "application/json"}
    transport = httpx.ASGITransport(app=world.app, client=("203.0.113.7", 40000), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://x.example", headers=headers) as each:
        yield each


async def judged(client: httpx.AsyncClient, data: bytes) -> httpx.Response:
    return await client.post("/api/v1/verifications", files={"file": ("licence", data, "application/octet-stream")})


@pytest.mark.parametrize("format", FORMATS)
def test_there_are_many_of_each(format: Format) -> None:
    assert len([each for each in CASES if each.format == format]) >= 50


@in_one_loop
async def test_what_the_corpus_was_bent_from_passes(material: Material, client: httpx.AsyncClient) -> None:
    """So a case that is refused is refused for what was bent."""
    for data in (material.ofd, material.other_ofd, material.pdf, material.other_pdf):
        report = (await judged(client, data)).json()
        assert report["indication"] == "TOTAL-PASSED", report


@in_one_loop
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.format}-{case.name}")
async def test_it_is_refused_calmly(
    case: Case, material: Material, client: httpx.AsyncClient, pool: JudgingPool
) -> None:
    data = case.make(material)
    started = time.monotonic()
    answer = await judged(client, data)
    took = time.monotonic() - started

    assert answer.status_code in CALM, answer.text
    if answer.status_code == 200:
        report = answer.json()
        assert report["indication"] != "TOTAL-PASSED", f"{case.attack} {report}"
    assert took < SECONDS
    assert peak_mebibytes(pool) < MEBIBYTES


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
