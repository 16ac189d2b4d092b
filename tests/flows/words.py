"""What the pages say in Chinese, by the English text in the source: tests press what people read."""

from kernel.i18n import Catalogs
from xinyin.pages import package_roots

_CATALOGS = Catalogs.load(package_roots())


def zh(msgid: str) -> str:
    """The Chinese text of a message."""
    return _CATALOGS.translate(msgid, "zh_CN")
