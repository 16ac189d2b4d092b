"""Who and what lives in the demo. Nobody here exists; every number carries valid check digits."""

from dataclasses import dataclass

AGENCY_USCC, AGENCY_NAME = "11999999000010022Q", "虚构市市场监督管理局"
COMPANY_USCC, COMPANY_NAME = "91999999MA02DE34XH", "虚构市青禾科技有限公司"
COMPANY_REPRESENTATIVE = "法定代表人"


@dataclass(frozen=True)
class Account:
    """Somebody who signs in by password. `role` is how `demo.json` calls them; `real_name`, `id_number`: of citizens.

    `display_name` is what somebody wants to be called, and is not kept secret; a real name is.
    """

    role: str
    username: str
    display_name: str
    roles: tuple[str, ...] = ()
    of_agency: bool = False
    real_name: str = ""
    id_number: str = ""

    @property
    def needs_second_factor(self) -> bool:
        """Everyone but citizens."""
        return self.role != "citizen"


ACCOUNTS = (
    Account("citizen", "zhouzhiyuan", "知远", real_name="周知远", id_number="110101200002290018"),
    Account("officer", "officer", "孙主任", ("officer",), of_agency=True),
    Account("approver", "approver", "钱局长", ("approver",), of_agency=True),
    Account("system_admin", "sysadmin", "系统管理员", ("system_admin",)),
    Account("security_admin", "secadmin", "安全管理员", ("security_admin",)),
    Account("audit_admin", "auditor", "审计管理员", ("audit_admin",)),
)

REPRESENTATIVE_ID_NUMBER, REPRESENTATIVE_NAME = "110101199003070011", "林小满"
"""Signs in by WeChat in the sandbox; the demo issues a licence to this number before they ever came."""
