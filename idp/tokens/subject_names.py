"""How tokens call a person: by their own number, or by one that no other sector knows (OpenID Connect Core §8)."""

from collections.abc import Callable

from idp.clients.client import Client

PURPOSE = "idp pairwise subject"

KeyedHash = Callable[[str, str], str]


class SubjectNames:
    """Names people for clients. `keyed_hash(purpose, value)` is stable for the life of the house."""

    def __init__(self, keyed_hash: KeyedHash) -> None:
        self._keyed_hash = keyed_hash

    def pairwise(self, client: Client, person_id: str) -> str | None:
        """The subject for this client; None where the person's own number will do."""
        if client.metadata.subject_type != "pairwise":
            return None
        return self._keyed_hash(PURPOSE, f"{client.sector} {person_id}")

    def name(self, client: Client, person_id: str) -> str:
        """The `sub` of this person for this client."""
        return self.pairwise(client, person_id) or person_id
