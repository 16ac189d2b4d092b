"""A real HTTP server on a spare port that answers as a test says."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, bytes]


class Served:
    """Where the server is, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.queries: list[bytes] = []
        self.authorizations: list[str | None] = []


@contextmanager
def serving(
    answer: Callable[[bytes], Answer | None], *, pause: float = 0, kind: str = "application/timestamp-reply"
) -> Iterator[Served]:
    """Answer every POST with status and body; None closes the connection without an answer.

    `pause`: seconds after each byte of the body. `kind`: the media type of answers.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            served.queries.append(query)
            served.authorizations.append(self.headers["Authorization"])
            answered = answer(query)
            if answered is None:
                return
            status, body = answered
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status in (301, 307):
                self.send_header("Location", served.url + "/elsewhere")
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):  # some tests do not wait for the end
                for octet in body if pause else ():
                    self.wfile.write(bytes([octet]))
                    time.sleep(pause)
                self.wfile.write(b"" if pause else body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Served(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
