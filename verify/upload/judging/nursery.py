"""Loads everything once, then forks a judge whenever asked: `python -m verify.upload.judging.nursery FD MEMORY`.

Single-threaded, so that forking is safe. For each byte that arrives with a socket a judge is forked for that socket,
and a handle to it (pidfd) goes back: to kill by number could hit somebody else. Ends when the service does.
"""

import os
import signal
import socket
import sys
from multiprocessing.connection import Connection

from seal.validation.pdf import validate_pdf as _loads_the_slowest  # noqa: F401 - so that judges need not
from verify.upload.judging.judge import serve

READY, FORKED = b"r", b"f"


def main() -> None:
    """Serve the socket whose number is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    memory_bytes = int(sys.argv[2])
    with socket.socket(fileno=int(sys.argv[1])) as service:
        service.sendall(READY)
        while True:
            try:
                asked, handles, _flags, _address = socket.recv_fds(service, 1, 1)
            except OSError:
                return
            if not asked:
                return
            _fork(service, handles[0], memory_bytes)


def _fork(service: socket.socket, handle: int, memory_bytes: int) -> None:
    _bury()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            service.close()
            with Connection(handle) as connection:
                serve(connection, memory_bytes)
            status = 0
        finally:
            os._exit(status)
    os.close(handle)
    pidfd = os.pidfd_open(child)
    try:
        socket.send_fds(service, [FORKED], [pidfd])
    finally:
        os.close(pidfd)


def _bury() -> None:
    """The dead keep their number until now, so that a handle is never to somebody else."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    main()
