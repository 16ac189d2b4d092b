"""Strangers' files are judged where they can do no harm, and whatever they do there, a verdict comes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from kernel.errors import InvalidInput, Unavailable
from seal.validation.report import Indication, SubIndication
from seal.validation.transfer import read_report, write_report
from seal.validation.trust import SealStatus, TrustStore
from tests.seal.pdf_samples import minimal_pdf
from tests.seal.pki import NOW, SEAL_CODE, SealPki
from tests.verify.sealed_files import sealed_ofd
from verify.upload.judging.here import JudgesHere
from verify.upload.judging.pool import JudgingLimits, JudgingPool


class Statuses(dict[str, SealStatus]):
    __call__ = dict.get


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgingPool]:
    made = JudgingPool()
    yield made
    made.close()


@pytest.fixture(scope="module")
def trust(pki: SealPki) -> TrustStore:
    authorities = pki.sm2, pki.p256
    return TrustStore(
        anchors=tuple(each.root.certificate for each in authorities),
        intermediates=tuple(each.issuing.certificate for each in authorities),
        seal_status=Statuses({SEAL_CODE: SealStatus("active", NOW - timedelta(days=1))}),
    )


def test_the_verdict_is_the_same_as_in_this_process(pool: JudgingPool, pki: SealPki, trust: TrustStore) -> None:
    sealed = sealed_ofd(pki)
    broken = sealed[:-200]
    for data in (sealed, broken, minimal_pdf(), b"neither"):
        assert pool.judge(data, trust, NOW) == JudgesHere().judge(data, trust, NOW)
    assert pool.judge(sealed, trust, NOW).validation.indication is Indication.PASSED


def test_a_report_reads_as_it_was_written(pki: SealPki, trust: TrustStore) -> None:
    report = JudgesHere().judge(sealed_ofd(pki), trust, NOW).validation

    assert read_report(write_report(report)) == report


def test_a_changed_standing_is_known_to_judges_that_have_begun(
    pool: JudgingPool, pki: SealPki, trust: TrustStore
) -> None:
    sealed = sealed_ofd(pki)
    pool.judge(sealed, trust, NOW)
    suspended = Statuses({SEAL_CODE: SealStatus("suspended", NOW - timedelta(days=1))})
    changed = TrustStore(trust.anchors, trust.intermediates, seal_status=suspended)

    assert pool.judge(sealed, changed, NOW).validation.sub_indication is SubIndication.REVOKED


def test_finding_a_file_that_takes_too_long_is_undecided_and_the_next_one_is_judged(
    pki: SealPki, trust: TrustStore
) -> None:
    hasty = JudgingPool(JudgingLimits(judges=1, wall_seconds=0.0))
    try:
        hasty.start()
        report = hasty.judge(sealed_ofd(pki), trust, NOW).validation
        object.__setattr__(hasty._limits, "wall_seconds", 60.0)
        after = hasty.judge(sealed_ofd(pki), trust, NOW).validation
    finally:
        hasty.close()

    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, SubIndication.FORMAT_FAILURE)
    assert "too long" in report.checks[0].detail
    assert report.document.format == "ofd"
    assert after.indication is Indication.PASSED


def test_finding_a_file_that_computes_without_end_is_stopped_by_the_kernel() -> None:
    """The limit is on the judge itself: it holds although nobody outside is there to kill it."""
    script = "from verify.upload.judging.confinement import allow_cpu\nallow_cpu(0)\nwhile True: pass"
    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=120, env={**os.environ})

    assert ended.returncode == -24  # SIGXCPU


@pytest.mark.parametrize(
    ("attempt", "refusal"),
    [
        ("import os; os.write(os.memfd_create('scratch'), b'x')", "OSError"),
        ("import os; os.fork()", "BlockingIOError"),
        ("b'x' * (1 << 31)", "MemoryError"),
    ],
)
def test_a_judge_writes_no_files_begins_no_processes_and_takes_no_more_memory(attempt: str, refusal: str) -> None:
    if "fork" in attempt and os.geteuid() == 0:
        pytest.skip("the kernel does not count processes of root")
    script = f"""
import signal
from verify.upload.judging.confinement import confine
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
confine(1 << 30)
try:
    {attempt}
except (OSError, MemoryError) as refused:
    print(type(refused).__name__)
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=120, capture_output=True, text=True)

    assert ended.stdout.strip() == refusal, ended.stderr


def test_a_judge_that_died_while_nobody_asked_is_replaced(pki: SealPki, trust: TrustStore) -> None:
    own = JudgingPool(JudgingLimits(judges=1))
    try:
        own.start()
        judge = own._free.get()
        assert judge is not None
        judge.kill()
        assert judge._connection.poll(30)
        own._free.put(judge)
        assert own.judge(sealed_ofd(pki), trust, NOW).validation.indication is Indication.PASSED
    finally:
        own.close()


def test_when_the_nursery_is_gone_another_is_begun(pki: SealPki, trust: TrustStore) -> None:
    own = JudgingPool(JudgingLimits(judges=1, files=1))
    try:
        own.judge(sealed_ofd(pki), trust, NOW)
        assert own._nursery is not None
        own._nursery._process.kill()
        own._nursery._process.wait()
        assert own.judge(sealed_ofd(pki), trust, NOW).validation.indication is Indication.PASSED
    finally:
        own.close()


def test_a_judge_is_replaced_after_so_many_files(pki: SealPki, trust: TrustStore) -> None:
    own = JudgingPool(JudgingLimits(judges=1, files=2))
    try:
        held = []
        for _file in range(3):
            own.judge(minimal_pdf(), trust, NOW)
            held.append(own._free.get())
            own._free.put(held[-1])
    finally:
        own.close()

    assert held[0] is not None
    assert held[1] is None
    assert held[2] is not None


def test_several_files_at_once_are_told_apart(pool: JudgingPool, pki: SealPki, trust: TrustStore) -> None:
    files = [sealed_ofd(pki), minimal_pdf(), b"neither"] * 4
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda data: pool.judge(data, trust, NOW).validation.document, files))

    assert [each.format for each in found] == ["ofd", "pdf", "unknown"] * 4
    assert len({each.digest for each in found}) == 3


def test_a_picture_without_a_code_is_refused_in_the_same_words(pool: JudgingPool) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"nonsense"
    refusals = []
    for judges in (pool, JudgesHere()):
        with pytest.raises(InvalidInput) as refusal:
            judges.read_qr(picture)  # type: ignore[attr-defined]  # both are `Judges`
        refusals.append(refusal.value.message)

    assert refusals[0] == refusals[1]


def test_a_closed_pool_begins_nothing(trust: TrustStore) -> None:
    own = JudgingPool(JudgingLimits(judges=1))
    own.close()

    with pytest.raises(Unavailable):
        own.judge(b"x", trust, NOW)
