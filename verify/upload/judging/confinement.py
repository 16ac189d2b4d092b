"""What a process that reads strangers' files may not do (setrlimit(2), prctl(2), unshare(2))."""

import ctypes
import os
import resource
from contextlib import suppress
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_SIGKILL: Final = 9
_OPEN_FILES: Final = 32


def confine(memory_bytes: int) -> None:
    """For good: no files written, no processes begun, no more address space than this, no network if the kernel allows.

    What the kernel refuses is left out: a container may forbid new namespaces, and then network policy is its matter.
    """
    if os.geteuid() != 0:  # root needs no user namespace, and is confined by nothing of this anyway
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET)
    else:
        _call("unshare", _CLONE_NEWNET)
    # After the namespaces: a change of credentials takes these back.
    _call("prctl", _PR_SET_PDEATHSIG, _SIGKILL)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1)
    _call("prctl", _PR_SET_DUMPABLE, 0)
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, memory_bytes),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))


def allow_cpu(seconds: int) -> None:
    """From now on this process may compute so much longer; then the kernel ends it (SIGXCPU)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def _call(name: str, *arguments: int) -> None:
    with suppress(OSError, AttributeError):
        getattr(ctypes.CDLL(None, use_errno=True), name)(*map(ctypes.c_ulong, arguments))
