"""The same request never does its work twice, however many ask at once and whatever fails."""

import threading
from collections.abc import Callable

import pytest

from xinyin.signer.repeats import Repeats


def started(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_finding_who_comes_late_waits_for_those_who_waited() -> None:
    """The first fails; while the second, who waited for it, is at work, a third comes."""
    repeats, seen = Repeats(), []
    first_is_in, first_may_end, second_is_in, second_may_end = (threading.Event() for _ in range(4))

    def fail() -> object:
        first_is_in.set()
        first_may_end.wait(30)
        raise OSError

    def slow() -> object:
        second_is_in.set()
        second_may_end.wait(30)
        return "signature"

    def first() -> None:
        with pytest.raises(OSError):
            repeats.once("1", b"x", fail)

    threads = [started(first)]
    assert first_is_in.wait(30)
    threads.append(started(lambda: seen.append(repeats.once("1", b"x", slow))))
    first_may_end.set()
    assert second_is_in.wait(30)
    threads.append(started(lambda: seen.append(repeats.once("1", b"x", lambda: "done twice"))))
    threads[-1].join(0.2)
    second_may_end.set()
    for thread in threads:
        thread.join(30)

    assert seen == ["signature", "signature"]
    assert repeats._under_way == {}
