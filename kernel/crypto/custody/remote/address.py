"""Addresses of remote signers: `https://HOST:PORT?…`, `http://` on this machine, `unix:SOCKET?…`."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from kernel.errors import ConfigurationError

SCHEMES = ("https", "http", "unix")
_OPTIONS = ("bearer-file", "ca-file", "certificate-file", "key-file", "timeout")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class RemoteAddress:
    """Where a signer is, and what we show it. `path`: the socket of a `unix:` address, else what stands before /v1."""

    scheme: str
    host: str
    port: int
    path: str
    bearer: str = field(repr=False)
    timeout_seconds: float = 10.0
    tls: ssl.SSLContext | None = None


def read_remote_address(address: str) -> RemoteAddress:
    """Read an address and the files it names; raises ConfigurationError naming what is wrong."""
    parts = urlsplit(address)
    options = _read_options(parts)
    secure = parts.scheme == "https"
    if not secure:
        for name in ("ca-file", "certificate-file", "key-file"):
            if name in options:
                raise _wrong(name, "is for https:// alone")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise _wrong("http", "only to this machine; use https:// to another")
    return RemoteAddress(
        scheme=parts.scheme,
        host=parts.hostname or "localhost",
        port=_port(parts),
        path=unquote(parts.path) if parts.scheme == "unix" else parts.path.rstrip("/"),
        bearer=_bearer(options),
        timeout_seconds=_timeout(options),
        tls=_tls(options) if secure else None,
    )


def _read_options(parts: SplitResult) -> dict[str, str]:
    if parts.scheme == "unix":
        if not parts.path or parts.netloc:
            raise _wrong("unix", "name the socket, for example unix:/run/xinyin/signer.sock")
    elif not parts.hostname:
        raise _wrong(parts.scheme, "name the host")
    if parts.username or parts.password or parts.fragment:
        raise _wrong(parts.scheme, "no user name, password or fragment")
    options: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise _wrong(name, "not known here")
        if name in options:
            raise _wrong(name, "given twice")
        options[name] = value
    return options


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise _wrong("port", str(error)) from error


def _bearer(options: Mapping[str, str]) -> str:
    file = options.get("bearer-file")
    if file is None:
        raise _wrong("bearer-file", "name the file that holds our token")
    try:
        token = Path(file).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong("bearer-file", f"{file} cannot be read") from error
    if not token.isprintable() or " " in token or len(token) < 32:
        raise _wrong("bearer-file", f"{file} must hold one token of 32 characters or more")
    return token


def _timeout(options: Mapping[str, str]) -> float:
    try:
        seconds = float(options.get("timeout", "10"))
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 300:
        raise _wrong("timeout", "seconds, from 1 to 300")
    return seconds


def _tls(options: Mapping[str, str]) -> ssl.SSLContext:
    if ("certificate-file" in options) != ("key-file" in options):
        raise _wrong("certificate-file", "goes together with key-file")
    try:
        context = ssl.create_default_context(cafile=options.get("ca-file"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if "certificate-file" in options:
            context.load_cert_chain(options["certificate-file"], options["key-file"])
    except OSError as error:  # ssl.SSLError is one
        raise _wrong("ca-file, certificate-file or key-file", str(error)) from error
    return context


def _wrong(name: str, problem: str) -> ConfigurationError:
    return ConfigurationError("The signer's address is not usable: {name}: {problem}.", name=name, problem=problem)
