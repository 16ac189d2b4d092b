"""The synthetic people who live in the sandbox. None exists; their numbers carry valid check digits (GB 11643).

Most live in area 999999, which was never given out, so that nobody can take them for real.
"""

import base64
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """One synthetic person and what the providers know of them.

    `handle` names them in forms and tests. `snapshot` marks a WeChat preview visitor (快照页), who is a different
    stranger every time and must never be let in.
    """

    handle: str
    name: str
    nickname: str
    id_number: str
    gender: str = ""
    city: str = ""
    has_avatar: bool = True
    snapshot: bool = False

    @property
    def identity(self) -> str:
        """What a provider's own account number is derived from."""
        return f"sandbox-person:{self.handle}"


PEOPLE: tuple[Person, ...] = (
    Person("lin", "林小满", "小满", "110101199003070011", "男", "北京"),
    Person("zhou", "周知远", "远/近", "110101200002290018", "男", "北京", has_avatar=False),
    Person("chen", "陈晚晴", "晚晴🌾", "999999199505120024", "女", "杭州"),
    Person("wu", "吴守拙", "守拙<3>", "999999198808080037", "男"),
    Person("he", "何静好", "阿好", "999999196210010043", "女", "成都"),
)

SNAPSHOT_VISITOR = Person("snapshot", "", "微信用户", "", has_avatar=False, snapshot=True)
"""Shown last in WeChat's list: someone who only previews the page."""


def find_person(handle: str) -> Person | None:
    """The person with this handle, the preview visitor included."""
    return next((person for person in (*PEOPLE, SNAPSHOT_VISITOR) if person.handle == handle), None)


def derive_identifier(*parts: str, length: int) -> str:
    """A stable identifier in the base64url alphabet, different for every combination of `parts`."""
    digest = hashlib.sha512("\x00".join(parts).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]
