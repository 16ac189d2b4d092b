"""The security module dies while a batch is being signed: the batch pauses, goes on, and nothing is lost or locked."""

import queue
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import structlog

from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.keystore import KeyStore
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import SigningKey
from kernel.errors import Unavailable
from tests.softhsm import CLIENT, P11KitServer, SoftHsm

pytestmark = pytest.mark.slow

AWAY_SECONDS = 3.0
ALLOWED_SECONDS = 30.0


@pytest.fixture
def store(server: P11KitServer, tmp_path: Path) -> KeyStore:
    address = server.hsm.address("batch", module=str(CLIENT), more="&x-reload-seconds=1")
    return open_keystore(address, [bytes(32)], state=tmp_path / "state")


def generated(store, name, algorithm):
    """A new key; the test before may have left the module just started, and stores do not knock all the time."""
    end = time.monotonic() + ALLOWED_SECONDS
    while True:
        try:
            return store.generate(name, algorithm)
        except Unavailable:
            assert time.monotonic() < end
            time.sleep(0.2)


class Batch:
    """Numbers to be signed by several workers. A worker that hears `unavailable` puts its number back and pauses."""

    def __init__(self, key: SigningKey, count: int) -> None:
        self._key = key
        self._waiting: queue.Queue[int] = queue.Queue()
        for number in range(count):
            self._waiting.put(number)
        self._lock = threading.Lock()
        self.signed: list[tuple[int, bytes, float]] = []
        self.refused: list[float] = []
        self.broken: list[BaseException] = []

    def run(self, workers: int = 4) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        return threads

    def await_signed(self, count: int) -> None:
        end = time.monotonic() + 60
        while len(self.signed) < count:
            assert time.monotonic() < end, f"{len(self.signed)} signed, {self.broken}"
            time.sleep(0.005)

    def _work(self) -> None:
        while True:
            try:
                number = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                signature = self._key.sign(str(number).encode())
            except Unavailable:
                self.refused.append(time.monotonic())
                self._waiting.put(number)
                time.sleep(0.1)
            except Exception as error:
                self.broken.append(error)
                return
            else:
                with self._lock:
                    self.signed.append((number, signature, time.monotonic()))


def pin_flags(hsm: SoftHsm) -> str:
    """What OpenSC says of the token's flags."""
    return subprocess.run(
        ["pkcs11-tool", "--module", "/usr/lib/softhsm/libsofthsm2.so", "--list-slots"],
        env=hsm.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def logged(events: list[dict[str, object]], name: str) -> int:
    return sum(event["event"] == name for event in events)


def test_a_batch_outlives_the_death_of_the_module(server, store, record_property):
    key = generated(store, "seal.1", "ES256")
    batch = Batch(key, 3000)
    with structlog.testing.capture_logs() as events:
        threads = batch.run()
        batch.await_signed(300)
        server.kill()
        killed_at = time.monotonic()
        time.sleep(AWAY_SECONDS)
        assert not [at for _, _, at in batch.signed if at > killed_at + 0.5]  # paused
        server.start()
        back_at = time.monotonic()
        for thread in threads:
            thread.join(120)
    assert batch.broken == []
    assert Counter(number for number, _, _ in batch.signed) == Counter(range(3000))  # nothing lost, nothing twice
    public = load_public_key(key.public_spki)
    for number, signature, _ in batch.signed:
        public.verify(signature, str(number).encode())
    recovery = min(at for _, _, at in batch.signed if at > back_at) - back_at
    record_property("recovery_seconds", round(recovery, 2))
    print(f"recovered {recovery:.2f} s after the module was back; {len(batch.refused)} calls were refused meanwhile")
    assert recovery < ALLOWED_SECONDS
    assert len(batch.refused) < 4 * (AWAY_SECONDS + recovery) / 0.1 + 8  # a pause, not a storm
    assert (logged(events, "key store lost"), logged(events, "key store is back")) == (1, 1)
    flags = pin_flags(server.hsm)
    assert "user PIN count low" not in flags
    assert "user PIN locked" not in flags


def test_it_dies_again_and_again(server, store):
    key = generated(store, "seal.2", "ES256")
    batch = Batch(key, 4000)
    threads = batch.run()
    for round_number in range(1, 5):
        batch.await_signed(len(batch.signed) + 100 * round_number)
        server.kill()
        server.start()
    for thread in threads:
        thread.join(120)
    assert batch.broken == []
    assert sorted(number for number, _, _ in batch.signed) == list(range(4000))
    assert "user PIN" not in pin_flags(server.hsm).replace("user PIN initialized", "")


def test_a_store_opened_while_the_module_is_away_serves_once_it_is_back(server, store):
    key = generated(store, "seal.3", "ES256")
    server.kill()
    with pytest.raises(Unavailable):
        key.sign(b"licence")
    with pytest.raises(Unavailable):
        store.names()
    server.start()
    end = time.monotonic() + ALLOWED_SECONDS
    while True:
        try:
            signature = store.open("seal.3").sign(b"licence")
            break
        except Unavailable:
            assert time.monotonic() < end
            time.sleep(0.1)
    load_public_key(key.public_spki).verify(signature, b"licence")
    load_public_key(key.public_spki).verify(key.sign(b"licence"), b"licence")
