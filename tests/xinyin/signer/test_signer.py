"""The signing service as its clients and its operator meet it: real processes, sockets and certificates."""

import base64
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel.crypto.custody.counting import KeyUses
from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.keystore import KeyStore
from kernel.crypto.public_keys import load_public_key
from kernel.errors import ConfigurationError, IntegrityError, NotFound, Unavailable
from tests.signing_service import READER_TOKEN, TOKEN, RunningSigner, clients_file, running_signer

ID = "0123456789abcdef"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSigner]:
    with running_signer(tmp_path_factory.mktemp("signer")) as signer:
        yield signer


def opened(address: str) -> KeyStore:
    return open_keystore(address, [bytes(32)])


def ask(signer: RunningSigner, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """A plain request, as a client in another language would send it."""
    connection = http.client.HTTPConnection("127.0.0.1", signer.port, timeout=20)
    given = {"Authorization": f"Bearer {TOKEN}", "Request-Id": ID} | headers
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(method, path, content, given)
    response = connection.getresponse()
    text = response.read()
    return response.status, json.loads(text) if text else None


def test_a_request_that_comes_twice_is_answered_once(signer):
    body = {"name": "twice", "algorithm": "ES256"}
    first = ask(signer, "POST", "/v1/keys", body, **{"Request-Id": "request-number-1"})
    assert first[0] == 201
    assert ask(signer, "POST", "/v1/keys", body, **{"Request-Id": "request-number-1"}) == first
    status, problem = ask(signer, "POST", "/v1/keys", body, **{"Request-Id": "request-number-2"})
    assert (status, problem["code"]) == (409, "conflict")
    other = {"name": "thrice", "algorithm": "ES256"}
    status, problem = ask(signer, "POST", "/v1/keys", other, **{"Request-Id": "request-number-1"})
    assert (status, problem["detail"]) == (409, "This request id was used for another request.")

    data = {"data": base64.b64encode(b"licence").decode(), "public_key": first[1]["public_key"]}
    signed = [ask(signer, "POST", "/v1/keys/twice/signatures", data, **{"Request-Id": "a" * 16}) for _ in range(3)]
    assert signed[0] == signed[1] == signed[2]  # ECDSA signatures differ each time they are made
    uses = [use.uses for use in KeyUses(signer.folder / "state").totals() if use.name == "twice"]
    assert uses == [1]


def test_a_client_may_only_what_its_entry_says(signer):
    made = opened(signer.address()).generate("seal.7", "SM2-SM3")
    opened(signer.address()).generate("service-claims", "ES256")
    reader = opened(signer.address(READER_TOKEN))
    load_public_key(made.public_spki).verify(reader.open("seal.7").sign(b"licence"), b"licence")
    assert reader.names() == ["seal.7"]
    with pytest.raises(NotFound):
        reader.open("service-claims")
    for call in (lambda: reader.destroy("seal.7"), lambda: reader.generate("seal.8", "ES256")):
        with pytest.raises(ConfigurationError, match="may not do that with this key"):
            call()
    with pytest.raises(ConfigurationError, match="Show a token"):
        opened(signer.address("x" * 40)).names()


def test_a_key_that_was_replaced_does_not_sign_for_the_one_before(signer):
    store = opened(signer.address())
    held = store.generate("replaced", "ES256")
    store.destroy("replaced")
    store.generate("replaced", "ES256")
    with pytest.raises(NotFound):
        held.sign(b"licence")


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/v1/keys", None, {"Authorization": ""}, 401),
        ("GET", "/v1/keys", None, {"Authorization": f"Basic {TOKEN}"}, 401),
        ("GET", "/v1/keys/nothing", None, {}, 404),
        ("GET", "/v1/keys/..%2f..%2fmaster", None, {}, 404),
        ("GET", "/v1/keys/NOT%20A%20NAME", None, {}, 400),
        ("POST", "/v1/keys", b"not json", {}, 400),
        ("POST", "/v1/keys", b"[" * 100_000, {}, 400),
        ("POST", "/v1/keys", [], {}, 400),
        ("POST", "/v1/keys", {"name": "a", "algorithm": "HS256"}, {}, 400),
        ("POST", "/v1/keys", {"name": "../a", "algorithm": "ES256"}, {}, 400),
        ("POST", "/v1/keys", {"name": "a", "algorithm": "ES256"}, {"Request-Id": "short"}, 400),
        ("POST", "/v1/keys/a/signatures", {"data": "%%%", "public_key": ""}, {}, 400),
        ("POST", "/v1/keys/a/signatures", {"data": 7}, {}, 400),
        ("POST", "/v1/keys/a/signatures", {"data": "", "public_key": ""}, {}, 404),
        ("POST", "/v1/keys/a/signatures", b" " * 4_000_000, {}, 400),
        ("PUT", "/v1/keys", {}, {}, 405),
    ],
)
def test_bad_requests_get_an_answer_that_says_so(signer, method, path, body, headers, status):
    connection = http.client.HTTPConnection("127.0.0.1", signer.port, timeout=20)
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(method, path, content, {"Authorization": f"Bearer {TOKEN}", "Request-Id": ID} | headers)
    response = connection.getresponse()
    text = response.read().decode()
    assert response.status == status, text
    assert "Traceback" not in text


def test_nothing_secret_is_in_its_log(signer):
    opened(signer.address()).generate("logged", "ES256").sign(b"a secret licence")
    log = (signer.folder / "log").read_text()
    assert '"key": "logged"' in log
    assert TOKEN not in log
    assert "a secret licence" not in log
    assert "Traceback" not in log


def test_a_signer_that_was_away_serves_the_same_handles_again(tmp_path):
    with running_signer(tmp_path / "signer") as signer:
        key = opened(signer.address(more="&timeout=5")).generate("seal.1", "ES256")
        key.sign(b"licence")
        signer.process.kill()
        signer.process.wait()
        with pytest.raises(Unavailable):
            key.sign(b"licence")
    with running_signer(tmp_path / "signer", port=signer.port):
        load_public_key(key.public_spki).verify(key.sign(b"licence"), b"licence")


def test_a_unix_socket_keeps_it_on_this_machine(tmp_path):
    socket = tmp_path / "s.sock"
    with running_signer(tmp_path / "signer", "--listen", f"unix:{socket}") as signer:
        signer.address()
        (file,) = signer.folder.glob("bearer-*")
        store = opened(f"unix:{socket}?bearer-file={file}")
        key = retried(lambda: store.generate("seal.1", "SM2-SM3"))
        load_public_key(key.public_spki).verify(key.sign(b"licence"), b"licence")
        assert socket.stat().st_mode & 0o007 == 0


def test_tls_lets_in_only_who_shows_a_certificate(tmp_path):
    ours, theirs = make_ca(tmp_path / "ours"), make_ca(tmp_path / "theirs")
    options = [
        "--certificate",
        f"{ours}/localhost.pem",
        "--key",
        f"{ours}/localhost.key",
        "--client-ca",
        f"{ours}/ca.pem",
    ]
    with running_signer(tmp_path / "signer", *options) as signer:

        def address(ca: Path, shown: Path | None) -> str:
            more = f"&ca-file={ca}/ca.pem&timeout=5"
            more += f"&certificate-file={shown}/client.pem&key-file={shown}/client.key" if shown else ""
            return signer.address(scheme="https", more=more)

        key = opened(address(ours, ours)).generate("seal.1", "ES256")
        load_public_key(key.public_spki).verify(key.sign(b"licence"), b"licence")
        for ca, shown in ((ours, None), (ours, theirs), (theirs, ours)):
            with pytest.raises(Unavailable):
                opened(address(ca, shown)).names()


def test_a_token_s_keys_are_served_to_others(tmp_path_factory):
    """The HSM is one process's, which others reach by its socket: what is recommended."""
    from tests.softhsm import SoftHsm

    folder = tmp_path_factory.mktemp("hsm-signer")
    hsm = SoftHsm.make(folder / "hsm", "keys")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOFTHSM2_CONF", str(hsm.conf))
        keys = f"SM2-SM3,Ed25519=file:{folder}/keys ES256,RS256={hsm.address('keys')}"
        with running_signer(folder / "signer", keys=keys) as signer:
            store = opened(signer.address())
            for algorithm in ("ES256", "RS256", "SM2-SM3", "Ed25519"):
                key = store.generate(f"k-{algorithm.lower()}", algorithm)
                load_public_key(key.public_spki).verify(key.sign(b"licence"), b"licence")
    assert "k-es256" in hsm.pkcs11_tool("keys", "--list-objects")
    assert "k-sm2" not in hsm.pkcs11_tool("keys", "--list-objects")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--listen", "0.0.0.0:8100"], "0.0.0.0 can be reached from elsewhere"),
        (["--listen", "somewhere"], "--listen takes HOST:PORT"),
        (["--certificate", "{clients}"], "Give --certificate and --key together"),
        (["--clients", "{empty}"], "names no client"),
        (["--clients", "{wrong}"], "The client worker is wrong: token_sha256 is 64 hex digits"),
    ],
)
def test_an_unsafe_signer_does_not_start(tmp_path, options, complaint):
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "wrong.toml").write_text('[worker]\ntoken_sha256 = "x"\nkeys = ["*"]\nmay = []\n')
    places = {"clients": clients_file(tmp_path), "empty": tmp_path / "empty.toml", "wrong": tmp_path / "wrong.toml"}
    given = [option.format(**places) for option in options]
    command = [sys.executable, "-m", "xinyin", "signer", "--clients", str(places["clients"]), *given]
    ran = subprocess.run(command, cwd=Path.cwd(), capture_output=True, text=True, timeout=60)
    assert ran.returncode != 0
    assert complaint in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("https://signer.example", "bearer-file: name the file"),
        ("http://signer.example?bearer-file={token}", "http: only to this machine"),
        ("https://?bearer-file={token}", "https: name the host"),
        ("https://u:p@signer.example?bearer-file={token}", "no user name"),
        ("https://signer.example:99999?bearer-file={token}", "port"),
        ("https://signer.example?bearer-file={short}", "32 characters or more"),
        ("https://signer.example?bearer-file=/not/here", "/not/here cannot be read"),
        ("https://signer.example?bearer-file={token}&timeout=0", "timeout: seconds"),
        ("https://signer.example?bearer-file={token}&certificate-file=/x", "goes together with key-file"),
        ("https://signer.example?bearer-file={token}&ca-file=/not/here", "ca-file"),
        ("https://signer.example?bearer-file={token}&tls=no", "tls: not known here"),
        ("http://localhost?bearer-file={token}&ca-file=/x", "ca-file: is for https:// alone"),
        ("unix:?bearer-file={token}", "unix: name the socket"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(tmp_path, address, complaint):
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "short").write_text("short")
    with pytest.raises(ConfigurationError, match=complaint):
        opened(address.format(token=tmp_path / "token", short=tmp_path / "short"))


def test_a_signer_that_lies_is_not_believed(tmp_path):
    """Another key's signature, as a confused or evil signer would send it."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    from kernel.crypto.private_keys import generate_key

    ours, others = generate_key("ES256"), generate_key("ES256")

    class Liar(BaseHTTPRequestHandler):
        def _send(self, document: object) -> None:
            content = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            key = base64.b64encode(ours.public_spki).decode()
            self._send({"name": "seal.1" if self.path.endswith("seal.1") else "another", "public_key": key})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send({"signature": base64.b64encode(others.sign(b"licence")).decode()})

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Liar)
    Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "token").write_text(TOKEN)
    store = opened(f"http://127.0.0.1:{server.server_port}?bearer-file={tmp_path}/token")
    with pytest.raises(IntegrityError):
        store.open("seal.1").sign(b"licence")
    with pytest.raises(IntegrityError):
        store.open("seal.2")
    server.shutdown()
    server.server_close()


def retried(work):
    """A socket's server may take a moment to listen."""
    import time

    end = time.monotonic() + 30
    while True:
        try:
            return work()
        except Unavailable:
            assert time.monotonic() < end
            time.sleep(0.1)


def make_ca(folder: Path) -> Path:
    """A CA, a certificate for localhost and one for a client, by openssl."""
    folder.mkdir()

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new, "-subj", "/CN=CA", "-keyout", "ca.key", "-out", "ca.pem")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    for name in ("localhost", "client"):
        openssl("req", *new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        openssl("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.pem")
    return folder
