"""What the sandbox is told: which applications are registered with which provider, and how time passes."""

from dataclasses import dataclass, field
from enum import StrEnum

from kernel.clock import Clock, system_clock
from kernel.crypto.signatures import PublicKey, SigningKey
from xinyin.sandbox.people import Person


@dataclass(frozen=True)
class WeChatApp:
    """An application of the WeChat open platform.

    `kind` is "web" (网站应用, QR sign-in) or "mp" (公众号, inside WeChat). `open_account` names the open-platform
    account it is bound to; applications of one account see the same unionid, an unbound one sees none.
    """

    app_id: str
    app_secret: str
    redirect_domain: str
    kind: str = "web"
    open_account: str | None = "sandbox-open-account"


@dataclass(frozen=True)
class QQApp:
    """An application of QQ Connect. `union_granted` is the right to see the unionid, which Tencent gives on request."""

    app_id: str
    app_key: str
    redirect_domain: str
    union_granted: bool = True


class AlipayIds(StrEnum):
    """Which identifiers an Alipay application receives (控制台 > 开发设置 > openid 配置管理)."""

    OPEN_ID = "open_id"
    BOTH = "both"
    USER_ID = "user_id"


@dataclass(frozen=True)
class AlipayApp:
    """An Alipay application: the callback it registered and the public half of the key it signs with."""

    app_id: str
    callback_url: str
    public_key: PublicKey
    ids: AlipayIds = AlipayIds.OPEN_ID


@dataclass(frozen=True)
class SandboxSettings:
    """Everything the sandbox needs. `alipay_key` is the gateway's own signing key (RS256).

    `extra_people` stand in the population register beside `people.PEOPLE`, for example the demo's accounts.
    `message_secret` signs messages to the mailbox; without it there is none.
    """

    wechat_apps: tuple[WeChatApp, ...] = ()
    qq_apps: tuple[QQApp, ...] = ()
    alipay_apps: tuple[AlipayApp, ...] = ()
    alipay_key: SigningKey | None = None
    extra_people: tuple[Person, ...] = ()
    message_secret: str = ""
    clock: Clock = field(default=system_clock)
    poll_seconds: float = 20.0
    slow_seconds: float = 30.0
