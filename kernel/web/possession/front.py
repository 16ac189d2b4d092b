"""The TLS front: it takes the connections, checks client certificates and passes them on in a header."""

from starlette.requests import Request

from kernel.crypto.possession.certificates import ClientCertificate
from kernel.errors import InvalidInput


class CertificateFront:
    """Reads the header that the front sets on, or removes from, every request. An empty name: there is no such front,
    and what clients send under any name is not believed."""

    def __init__(self, header: str = "") -> None:
        self._header = header.lower()

    @property
    def is_there(self) -> bool:
        """Whether client certificates reach us."""
        return bool(self._header)

    def read(self, request: Request) -> ClientCertificate | None:
        """The client's certificate, if it showed one. Raises `InvalidInput`."""
        if not self._header:
            return None
        values = request.headers.getlist(self._header)
        if len(values) > 1:
            raise InvalidInput("The client certificate cannot be read.", reason="sent twice")
        return ClientCertificate.read(values[0]) if values and values[0].strip() else None
