"""Blobs in an S3 bucket (AWS S3, MinIO, Ceph, the domestic clouds): one object a blob, written once, under its digest.

Signature version 4 comes from botocore; the requests are our own, so that waiting never holds a thread.
"""

import asyncio
import hashlib
import random
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from lxml import etree

from kernel.errors import ConfigurationError, IntegrityError, NotFound, Unavailable

_REFERENCE = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_EMPTY_DIGEST = hashlib.sha256(b"").hexdigest()
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_UNKNOWN_CONDITION = frozenset({400, 501})
ATTEMPTS = 5
AT_ONCE = 8
"""Files on their way to the store at once."""
FIRST_PAUSE_SECONDS = 0.2
TIMEOUT = httpx.Timeout(30, connect=5)
AWAY = "The file store does not answer. Please try again in a moment."
REFUSED = "The file store cannot be written. Please tell the operator."


@dataclass(frozen=True)
class S3Address:
    """`s3://bucket/prefix?endpoint=https://…&region=…&style=path|virtual`, and who we are there.

    Without `endpoint` it is AWS. `style`: the bucket as the first part of the path, or of the host's name.
    """

    bucket: str
    prefix: str
    endpoint: str
    region: str
    is_virtual: bool = False
    access_key: str = ""
    secret_key: str = field(default="", repr=False)

    @property
    def base(self) -> str:
        """The address of the bucket, without a slash at its end."""
        if not self.is_virtual:
            return f"{self.endpoint}/{self.bucket}"
        scheme, _, host = self.endpoint.partition("://")
        return f"{scheme}://{self.bucket}.{host}"


def parse_s3(address: str, access_key: str = "", secret_key: str = "") -> S3Address:
    """Read an address; raises ConfigurationError that says what is wrong with it."""
    try:
        return _read_s3(address, access_key, secret_key)
    except ValueError as failure:
        raise ConfigurationError("XINYIN_BLOB_URL is not an address.", reason=str(failure)) from failure


def _read_s3(address: str, access_key: str, secret_key: str) -> S3Address:
    parts, given = urlsplit(address), dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc):
        raise ConfigurationError("XINYIN_BLOB_URL must be file:FOLDER or s3://BUCKET/PREFIX?endpoint=…&region=….")
    if unknown := sorted(given.keys() - {"endpoint", "region", "style"}):
        raise ConfigurationError("XINYIN_BLOB_URL: unknown parameter {names}.", names=", ".join(unknown))
    region, style = given.get("region", "us-east-1"), given.get("style", "path")
    endpoint = given.get("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    host = urlsplit(endpoint)
    if host.scheme not in ("http", "https") or not host.hostname or host.path or host.query or host.username:
        raise ConfigurationError("XINYIN_BLOB_URL: endpoint must be an address such as https://s3.example.gov.cn.")
    if style not in ("path", "virtual"):
        raise ConfigurationError("XINYIN_BLOB_URL: style is path or virtual.")
    return S3Address(parts.netloc, parts.path.strip("/"), endpoint, region, style == "virtual", access_key, secret_key)


class S3Blobs:
    """`BlobStore` in a bucket. A blob is there when the server has said so, having checked its digest itself."""

    def __init__(self, address: S3Address, *, pause: float = FIRST_PAUSE_SECONDS) -> None:
        self._address = address
        self._prefix = f"{address.prefix}/" if address.prefix else ""
        self._signer = S3SigV4Auth(Credentials(address.access_key, address.secret_key), "s3", address.region)
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)
        self._pause = pause

    async def put(self, data: bytes) -> str:
        """See `BlobStore.put`."""
        reference = hashlib.sha256(data).hexdigest()
        key = self._key(reference)
        answer = await self._ask("PUT", key, content=data, headers={"If-None-Match": "*"})
        if answer.status_code == 412:
            # There already. A copy onto itself makes it young again: the sweeper of orphans leaves it alone.
            source = quote(f"/{self._address.bucket}/{key}")
            headers = {"x-amz-copy-source": source, "x-amz-metadata-directive": "REPLACE"}
            answer = await self._ask("PUT", key, headers=headers)
            if answer.status_code == 404 or b"<Error>" in answer.content:  # deleted in between
                answer = await self._ask("PUT", key, content=data)
        elif answer.status_code in _UNKNOWN_CONDITION:
            answer = await self._ask("PUT", key, content=data)  # the same content again does no harm
        _expect(answer, 200)
        return reference

    async def put_all(self, contents: Sequence[bytes]) -> list[str]:
        """See `BlobStore.put_all`."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def put(data: bytes) -> str:
            async with gate:
                return await self.put(data)

        return list(await asyncio.gather(*map(put, contents)))

    async def get(self, reference: str) -> bytes:
        """See `BlobStore.get`."""
        answer = await self._ask("GET", self._key(reference))
        if answer.status_code == 404:
            raise NotFound("There is no such file.")
        _expect(answer, 200)
        if hashlib.sha256(answer.content).hexdigest() != reference:
            raise IntegrityError("A stored file was changed. Please tell the operator.", reason=f"blob {reference}")
        return answer.content

    async def exists(self, reference: str) -> bool:
        """See `BlobStore.exists`."""
        answer = await self._ask("HEAD", self._key(reference))
        if answer.status_code != 404:
            _expect(answer, 200)
        return answer.status_code == 200

    async def delete(self, reference: str) -> None:
        """See `BlobStore.delete`."""
        answer = await self._ask("DELETE", self._key(reference))
        if answer.status_code != 404:
            _expect(answer, 204, 200)

    async def ping(self) -> None:
        """See `BlobStore.ping`."""
        _expect(await self._ask("HEAD", "", attempts=1), 200)

    async def references(self) -> AsyncIterator[tuple[str, datetime]]:
        """See `BlobStore.references`."""
        query = {"list-type": "2", "prefix": self._prefix}
        while True:
            answer = await self._ask("GET", "", query=query)
            _expect(answer, 200)
            found, more = _listed(answer.content)
            for key, at in found:
                if match := _KEY.fullmatch(key.removeprefix(self._prefix)):
                    yield match[1], at
            if not more:
                return
            query["continuation-token"] = more

    async def sweep_aside(self, older_than: datetime) -> int:
        """See `BlobStore.sweep_aside`: an object is there whole or not at all."""
        return 0

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def _key(self, reference: str) -> str:
        if not _REFERENCE.fullmatch(reference):
            raise NotFound("There is no such file.", reason="not a blob reference")
        return f"{self._prefix}{reference[:2]}/{reference[2:4]}/{reference}"

    async def _ask(
        self,
        method: str,
        key: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        attempts: int = ATTEMPTS,
    ) -> httpx.Response:
        """The answer, after a few attempts while the server is busy or away. Raises `Unavailable`."""
        address = f"{self._address.base}/{quote(key)}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        for attempt in range(1, attempts + 1):
            try:
                signed = self._signed(method, address, content, headers or {})
                answer = await self._client.request(method, address, content=content, headers=signed)
            except httpx.TransportError as failure:
                if attempt == attempts:
                    raise Unavailable(AWAY, reason=type(failure).__name__) from failure
            else:
                if answer.status_code not in _PASSING:
                    return answer
                if attempt == attempts:
                    raise Unavailable(AWAY, reason=f"{method}: {answer.status_code} {_code(answer)}")
            await asyncio.sleep(self._pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        raise AssertionError("unreachable")

    def _signed(self, method: str, address: str, content: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers with the signature; the digest in them makes the server check what it received."""
        digest = hashlib.sha256(content).hexdigest() if content else _EMPTY_DIGEST
        request = AWSRequest(method, address, dict(headers) | {"x-amz-content-sha256": digest}, content)
        request.context["payload_signing_enabled"] = True
        self._signer.add_auth(request)
        return dict(request.headers.items())


def _expect(answer: httpx.Response, *statuses: int) -> None:
    """Raises Unavailable for any other status: what the request wants cannot be had, whoever is to blame."""
    if answer.status_code not in statuses:
        raise Unavailable(REFUSED, reason=f"{answer.request.method}: {answer.status_code} {_code(answer)}")


def _code(answer: httpx.Response) -> str:
    """The name of an error, such as NoSuchBucket; nothing of the message, which may repeat what was sent."""
    match = re.search(rb"<Code>([A-Za-z]{1,64})</Code>", answer.content)
    return match[1].decode() if match else ""


def _listed(document: bytes) -> tuple[list[tuple[str, datetime]], str]:
    """Keys with their times, and the token for the next page or nothing."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(document, parser)
        entries = [
            (each.findtext("{*}Key") or "", datetime.fromisoformat(each.findtext("{*}LastModified") or ""))
            for each in root.findall("{*}Contents")
        ]
    except (etree.XMLSyntaxError, ValueError) as failure:
        raise Unavailable(AWAY, reason="a list that cannot be read") from failure
    return entries, root.findtext("{*}NextContinuationToken") or ""
