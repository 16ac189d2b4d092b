"""A key store that lives in the workers: for whoever makes or uses keys of seals without holding any."""

from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from seal.signing.workers.pool import RemoteKey, WorkerPool


class WorkerKeyStore:
    """Implements `kernel.crypto.keystore.KeyStore` through a pool. Every call blocks."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    def generate(self, name: str, algorithm: SigningAlgorithm) -> SigningKey:
        """See KeyStore."""
        return self._key(name, self._pool.ask({"task": "generate", "name": name, "algorithm": algorithm}))

    def open(self, name: str) -> SigningKey:
        """See KeyStore."""
        return self._key(name, self._pool.ask({"task": "open", "name": name}))

    def exists(self, name: str) -> bool:
        """See KeyStore."""
        return bool(self._pool.ask({"task": "exists", "name": name})["exists"])

    def names(self) -> list[str]:
        """See KeyStore."""
        return [str(name) for name in self._pool.ask({"task": "names"})["names"]]

    def destroy(self, name: str) -> None:
        """See KeyStore."""
        self._pool.ask({"task": "destroy", "name": name})

    def _key(self, name: str, reply: dict[str, object]) -> RemoteKey:
        algorithm, spki = reply["algorithm"], reply["spki"]
        assert isinstance(spki, bytes)
        return RemoteKey(algorithm, spki, self._pool, {"task": "sign", "name": name})  # type: ignore[arg-type]  # as the worker's key says
