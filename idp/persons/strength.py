"""How easily a password is guessed: common ones, and what people make of them (NIST SP 800-63B §3.1.1.2)."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from kernel.errors import FieldError, InvalidInput

ENOUGH = 2
"""Of zxcvbn's 0–4: more than a million guesses, the most that somebody with our limits in the way could try."""
LOOKED_AT = 72
"""Longer passwords are judged by their beginning: looking further costs time and finds nothing worse."""
OUR_WORDS = ("xinyin", "信印", "zhengzhao", "licence", "citizen", "officer", "admin")
_CHINESE = (
    "woaini woaiwo aini iloveyou520 520 1314 5201314 520520 zhongguo mima wodemima laopo laogong baobei baba mama",
    "asd123 qwe123 a123456 zxc123 abc123 wang zhang chen yang zhao huang taobao weixin zhifubao beijing shanghai",
    "168 888 666",
)
CHINESE_WORDS = tuple(word for line in _CHINESE for word in line.split())
"""What people in China put into passwords most, by lists of leaked ones; zxcvbn's own lists are mostly English."""
TOO_COMMON = "This password is easily guessed. Use three or four words that have nothing to do with each other."


def check_strength(password: str, own_words: Sequence[str], field: str = "password") -> None:
    """Raises `InvalidInput` when it is one of those that are tried first. `own_words`: what is known of the person."""
    judged = _judge()(
        password[:LOOKED_AT], user_inputs=[*OUR_WORDS, *CHINESE_WORDS, *(word for word in own_words if word)]
    )
    if judged["score"] < ENOUGH:
        raise InvalidInput(TOO_COMMON, fields=[FieldError(field, TOO_COMMON)])


@cache
def _judge() -> Any:
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # without types; its word lists are read with it, and most processes never judge a password

    return zxcvbn
