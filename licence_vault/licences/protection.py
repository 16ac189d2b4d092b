"""Personal data of licences: what is encrypted, and how a holder's licences are found without storing the number."""

import json
from collections.abc import Mapping
from typing import Any

from kernel.crypto.envelope import Envelope
from licence_vault.licences.licence import HolderIdentity, Licence, LicenceContent, LicenceStatus
from licence_vault.licences.records import LicenceRow

_PURPOSE = "licence holder"
_COLUMNS = Licence.__dataclass_fields__.keys() - {"content"}


class LicenceData:
    """Closes and opens the personal part of licences, and their files."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def holder_index(self, id_type: str, number: str) -> str:
        """The keyed hash under which a holder's licences are found; `number` in canonical form."""
        return self._envelope.blind_index(_PURPOSE, f"{id_type}:{number}")

    def request_digest(self, text: str) -> str:
        """A keyed hash by which a request is known again; the numbers in its text cannot be guessed from it."""
        return self._envelope.blind_index("request", text)

    def close(self, licence_id: str, content: LicenceContent) -> bytes:
        """The personal part, encrypted for this licence alone."""
        document = {
            "holder": vars(content.holder),
            "fields": dict(content.fields),
            "number": content.number,
            "salt": content.salt,
        }
        plain = json.dumps(document, ensure_ascii=False).encode()
        return self._envelope.encrypt(plain, context=f"licence:{licence_id}")

    def open(self, row: LicenceRow) -> Licence:
        """The licence of a row, whole."""
        document = json.loads(self._envelope.decrypt(row.content, context=f"licence:{row.id}"))
        content = LicenceContent(
            HolderIdentity(**document["holder"]), document["fields"], document["number"], document["salt"]
        )
        return licence_of({name: getattr(row, name) for name in _COLUMNS}, content)

    def close_file(self, licence_id: str, format: str, data: bytes) -> bytes:
        """A licence's file, encrypted."""
        return self._envelope.encrypt(data, context=f"licence:{licence_id}:{format}")

    def open_file(self, licence_id: str, format: str, data: bytes) -> bytes:
        """A licence's file as it was sealed."""
        return self._envelope.decrypt(data, context=f"licence:{licence_id}:{format}")

    def close_access(self, access_id: str, about: Mapping[str, Any]) -> bytes:
        """Why somebody looked and what they got, encrypted."""
        plain = json.dumps(dict(about), ensure_ascii=False).encode()
        return self._envelope.encrypt(plain, context=f"vault_access:{access_id}")

    def open_access(self, access_id: str, data: bytes | None) -> dict[str, Any]:
        """What `close_access` closed; nothing for a look that said nothing."""
        if data is None:
            return {}
        about: dict[str, Any] = json.loads(self._envelope.decrypt(data, context=f"vault_access:{access_id}"))
        return about


def licence_of(columns: Mapping[str, Any], content: LicenceContent) -> Licence:
    """The licence whose row has these columns, its personal part being known."""
    values = {name: columns[name] for name in _COLUMNS}
    return Licence(**values | {"status": LicenceStatus(columns["status"])}, content=content)
