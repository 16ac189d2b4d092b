"""The sandbox's applications: each provider alone, or all under one address."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from kernel.errors import ConfigurationError
from xinyin.sandbox.alipay.routes import alipay_routes
from xinyin.sandbox.mailbox.routes import mailbox_routes
from xinyin.sandbox.pages import render, static_mount
from xinyin.sandbox.people import PEOPLE
from xinyin.sandbox.qq.routes import qq_routes
from xinyin.sandbox.register.legal_persons import ORGANISATIONS
from xinyin.sandbox.register.routes import register_routes
from xinyin.sandbox.settings import SandboxSettings
from xinyin.sandbox.wechat.routes import wechat_routes


def wechat_app(settings: SandboxSettings) -> Starlette:
    """WeChat alone; its address is what `XINYIN_WECHAT__BASE_URL` names."""
    return Starlette(routes=wechat_routes(settings))


def qq_app(settings: SandboxSettings) -> Starlette:
    """QQ Connect alone; its address is what `XINYIN_QQ__BASE_URL` names."""
    return Starlette(routes=qq_routes(settings))


def alipay_app(settings: SandboxSettings) -> Starlette:
    """Alipay alone; its address is what `XINYIN_ALIPAY__BASE_URL` names. Raises `ConfigurationError` without a key."""
    if settings.alipay_key is None:
        raise ConfigurationError("The Alipay sandbox needs a signing key.")
    return Starlette(routes=alipay_routes(settings, settings.alipay_key))


def register_app(settings: SandboxSettings) -> Starlette:
    """The population and legal-person registers alone."""
    return Starlette(routes=register_routes(settings.slow_seconds, settings.extra_people))


def create_sandbox_app(settings: SandboxSettings) -> Starlette:
    """Everything under one address: `/wechat`, `/qq`, `/alipay`, and the registers and the mailbox at the root.

    The root page lists what is registered and who lives here.
    """
    providers = (
        ("/wechat", "微信", [app.app_id for app in settings.wechat_apps]),
        ("/qq", "QQ", [app.app_id for app in settings.qq_apps]),
        ("/alipay", "支付宝", [app.app_id for app in settings.alipay_apps]),
    )

    async def index(request: Request) -> Response:
        people = (*PEOPLE, *settings.extra_people)
        return render(request, "index.html", providers=providers, people=people, organisations=ORGANISATIONS)

    alipay = [Mount("/alipay", alipay_app(settings))] if settings.alipay_key else []
    mailbox = mailbox_routes(settings.message_secret, settings.clock) if settings.message_secret else []
    return Starlette(
        routes=[
            Route("/", index),
            Mount("/wechat", wechat_app(settings)),
            Mount("/qq", qq_app(settings)),
            *alipay,
            *mailbox,
            static_mount(),
            *register_routes(settings.slow_seconds, settings.extra_people),
        ]
    )
