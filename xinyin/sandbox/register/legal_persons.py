"""Organisations that do not exist; their unified social credit codes carry valid check digits (GB 32100)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Organisation:
    """A synthetic legal person."""

    uscc: str
    name: str
    legal_representative: str
    representative_id_number: str
    status: str = "存续"


ORGANISATIONS: tuple[Organisation, ...] = (
    Organisation("91999999MA02DE34XH", "虚构市青禾科技有限公司", "林小满", "110101199003070011"),
    Organisation("92999999MA03FG5665", "虚构市晚晴书店", "陈晚晴", "999999199505120024"),
    Organisation("91110101MA01XY1232", "虚构远近物流有限公司", "周知远", "110101200002290018", status="注销"),
    Organisation("12999999400000018W", "虚构市图书馆", "何静好", "999999196210010043"),
    Organisation("11999999000010022Q", "虚构市市场监督管理局", "吴守拙", "999999198808080037"),
)
