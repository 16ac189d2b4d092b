"""The demo's relying parties, one of each kind."""

from idp.clients.client import ClientRegistration
from xinyin.demo.people import AGENCY_NAME, AGENCY_USCC

LOCAL_REDIRECTS = tuple(
    f"http://{host}:{port}/callback" for host in ("localhost", "127.0.0.1") for port in (9000, 9001, 3000)
)
AGENCY_SCOPES = (
    "licence:read",
    "licence:issue",
    "licence:manage",
    "licence:share",
    "seal:apply",
    "seal:approve",
    "seal:use",
)

CLIENTS = {
    "web": ClientRegistration(
        name="演示网站",
        client_id="demo-web",
        redirect_uris=LOCAL_REDIRECTS,
        scopes=("openid", "profile", "phone", "email", "organisation", "offline_access"),
        grant_types=("authorization_code", "refresh_token"),
    ),
    "agency": ClientRegistration(
        name="演示业务系统",
        role="agency",
        client_id="demo-agency",
        scopes=AGENCY_SCOPES,
        grant_types=("client_credentials",),
        organisation_uscc=AGENCY_USCC,
        organisation_name=AGENCY_NAME,
    ),
    "verifier": ClientRegistration(
        name="演示核验系统",
        role="verifier",
        client_id="demo-verifier",
        scopes=("verify:batch",),
        grant_types=("client_credentials",),
    ),
    "machine": ClientRegistration(
        name="演示程序",
        role="machine",
        client_id="demo-machine",
        scopes=("licence:read",),
        grant_types=("client_credentials",),
        organisation_uscc=AGENCY_USCC,
        organisation_name=AGENCY_NAME,
    ),
}
