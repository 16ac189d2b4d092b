"""Several key stores as one: each algorithm's keys at its own place."""

from collections.abc import Mapping

from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import Conflict, NotFound, Unavailable


class PlacedKeyStore:
    """See KeyStore. New keys go where their algorithm's place is; old ones are found wherever they are."""

    def __init__(self, places: Mapping[SigningAlgorithm, KeyStore]) -> None:
        """`places` names a store for every algorithm; several may share one."""
        self._places = places
        self._stores = list({id(store): store for store in places.values()}.values())

    def generate(self, name: str, algorithm: SigningAlgorithm) -> SigningKey:
        """See KeyStore. The name must be free in every store."""
        place = self._places[algorithm]
        if any(store.exists(name) for store in self._stores if store is not place):
            raise Conflict("There is already a key called {name}.", name=name)
        return place.generate(name, algorithm)

    def open(self, name: str) -> SigningKey:
        """See KeyStore. A store that is away matters only if no other has the key."""
        away: Unavailable | None = None
        for store in self._stores:
            try:
                return store.open(name)
            except NotFound:
                continue
            except Unavailable as error:
                away = error
        if away:
            raise away
        raise NotFound("There is no key called {name}.", name=name)

    def exists(self, name: str) -> bool:
        """See KeyStore. Raises Unavailable only if a store that is away could be the one."""
        away: Unavailable | None = None
        for store in self._stores:
            try:
                if store.exists(name):
                    return True
            except Unavailable as error:
                away = error
        if away:
            raise away
        return False

    def names(self) -> list[str]:
        return sorted({name for store in self._stores for name in store.names()})

    def destroy(self, name: str) -> None:
        """See KeyStore."""
        for store in self._stores:
            if store.exists(name):
                return store.destroy(name)
        raise NotFound("There is no key called {name}.", name=name)
