"""A client and a checker that others wrote, over every address."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import httpx
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_models import Error
from scim2_tester import Status, check_server

from tests.idp.scim.conftest import Provisioner, Town

CHECKED_AT_LEAST = 120
KNOWN = {
    # To remove `active` leaves it as it was: whether somebody may come in is never unassigned.
    ("check_remove_attribute", "User", "active"),
    # All that the extension holds is read-only; the checker writes it as a whole.
    *(
        (check, "User", "extension:account")
        for check in ("check_add_attribute", "check_remove_attribute", "check_replace_attribute")
    ),
}


def bridge(caller: Provisioner, loop: asyncio.AbstractEventLoop) -> Callable[..., Iterable[bytes]]:
    """The provider, which lives in the test's loop, as a WSGI application for a client in another thread."""

    def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        headers = {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")} | {
            "Authorization": f"Bearer {caller.token}"
        }
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        url = httpx.URL(path=environ["PATH_INFO"], query=environ.get("QUERY_STRING", "").encode())
        body = environ["wsgi.input"].read(length)
        work = caller.http.request(environ["REQUEST_METHOD"], url, content=body, headers=headers)
        answer = asyncio.run_coroutine_threadsafe(work, loop).result(60)
        start_response(f"{answer.status_code} {answer.reason_phrase}", list(answer.headers.items()))
        return [answer.content]

    return application


def client_of(caller: Provisioner) -> Any:
    application = bridge(caller, asyncio.get_running_loop())
    return WSGISCIMClient(application, base_url="https://idp.test/scim/v2")


def _is_known(title: str, reason: str) -> bool:
    return any(title == check and word in reason.partition("Patched")[0] for check, _, word in KNOWN)


async def test_the_checker_finds_nothing(town: Town) -> None:
    results = await asyncio.to_thread(check_server, client_of(town.bureau))
    wrong = [
        each
        for each in results
        if each.status not in {Status.SUCCESS, Status.SKIPPED} and not _is_known(str(each.title), each.reason or "")
    ]
    assert not wrong, "\n".join(f"{each.title} {each.resource_type}: {each.reason}" for each in wrong)
    done = [each for each in results if each.status is Status.SUCCESS]
    assert len(done) >= CHECKED_AT_LEAST, len(done)


async def test_a_client_that_discovers_everything_by_itself(town: Town) -> None:
    client = client_of(town.bureau)

    def work() -> None:
        client.discover()
        user_type, group_type = client.get_resource_model("User"), client.get_resource_model("Group")
        assert user_type is not None
        assert group_type is not None
        fang = client.create(user_type(user_name="fang", display_name="王芳"))
        group = client.create(group_type(display_name="clerks", members=[{"value": fang.id}]))
        assert group.members[0].value == fang.id
        found = client.query(user_type, query_parameters={"filter": 'userName eq "FANG"'})
        assert [each.id for each in found.resources] == [fang.id]
        # The group is part of what the user's entity tag stands for.
        fang = client.query(user_type, fang.id)
        fang.display_name = "王小芳"
        assert client.replace(fang).display_name == "王小芳"
        client.delete(user_type, fang.id)
        assert isinstance(client.query(user_type, fang.id, raise_scim_errors=False), Error)

    await asyncio.to_thread(work)
