"""The `xinyin` program as operators run it: exit codes, one line on standard error, never a traceback."""

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tests.houses import AGENCY, FOOD, OTHER_AGENCY
from tests.licence_vault.batches.files import csv_file
from tests.licence_vault.collection.registers import old_cells
from xinyin.cli.main import app, main

ROOT = Path(__file__).parents[2]
ORDERS = ROOT / "tests" / "vectors" / "licences"
PASSWORD = "amber-birch-cedar-1234"
UNKNOWN_CODE = "http://localhost:8000/V/" + "A" * 26


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("XINYIN_")}


class Operator:
    """Somebody at a terminal in `folder`, with our own settings and nobody else's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *arguments: str | Path, typed: str = "", **settings: str) -> Result:
        """Run the program as the shell does: a process of its own, which costs seconds."""
        found = subprocess.run(
            [sys.executable, "-m", "xinyin", *map(str, arguments)],
            cwd=self.folder, env=_environment() | {"PYTHONPATH": str(ROOT)} | settings, input=typed,
            capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert "Traceback" not in found.stderr + found.stdout, found.stderr
        return Result(found.returncode, found.stdout, found.stderr)

    def run(self, *arguments: str | Path, typed: str = "", **settings: str) -> Result:
        """The same in this process; an error that would be a traceback fails the test."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            for name in set(os.environ) - set(_environment()):
                patch.delenv(name)
            for name, value in settings.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.StringIO(typed))
            try:
                main(list(map(str, arguments)))
            except SystemExit as end:
                code = int(end.code or 0)
        return Result(code, out.getvalue(), err.getvalue())

    def refused(self, code: int, *arguments: str | Path, typed: str = "", **settings: str) -> str:
        """The one line that says why not."""
        result = self.run(*arguments, typed=typed, **settings)
        assert result.code == code, result
        assert result.out == ""
        (line,) = result.err.splitlines()
        assert line.startswith("xinyin: ")
        return line


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """At an installation made by `xinyin init`, with one agency whose seal is in use and one that has none."""
    found = Operator(tmp_path_factory.mktemp("installation"))
    made = found.start("init")
    assert (made.code, made.err) == (0, "")
    assert "master.key" in made.out
    found.run("organisation", "add", AGENCY.uscc, AGENCY.name)
    for name in ("applicant", "approver"):
        added = found.run(
            "user", "add", name, "--name", name, "--role", "officer", "--organisation", AGENCY.uscc, typed=PASSWORD
        )
        assert added.code == 0, added.err
    seal = found.run("seal", "apply", AGENCY.name, "--owner", AGENCY.uscc, "--as", "applicant").out.strip()
    approved = found.run("seal", "approve", seal, "--as", "approver")
    assert approved.code == 0, approved.err
    return found


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and group of commands."""

    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, inner in getattr(command, "commands", {}).items():
            yield from below(inner, (*path, name))

    return below(typer.main.get_command(app), ())


def test_every_command_of_the_contract_is_there() -> None:
    promised = """
        serve gateway demo init migrate doctor backup restore user/add user/set-password user/disable user/list
        client/add client/rotate-secret client/list app/add app/list app/remove app/probe licence/types
        licence/import-type licence/issue licence/show licence/revoke licence/export seal/list seal/apply seal/approve
        seal/suspend seal/revoke seal/sign verify log/checkpoint log/prove log/check keys/list keys/rotate audit/verify
        audit/export"""
    assert {tuple(each.split("/")) for each in promised.split()} <= set(commands())


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    app(args=[*path, "--help"], standalone_mode=False)
    told = capsys.readouterr().out
    assert "Usage:" in told
    assert "--help" in told


def test_the_shell_sees_the_exit_code_and_one_line(operator: Operator) -> None:
    listed = operator.start("user", "list", "--json")
    assert (listed.code, listed.err) == (0, "")
    assert {each["username"] for each in listed.json} >= {"applicant", "approver"}
    unknown = operator.start("verify", UNKNOWN_CODE, "--json")
    assert (unknown.code, unknown.err, unknown.json["indication"]) == (1, "", "INDETERMINATE")
    wrong = operator.start("user", "list", "--jso")
    assert (wrong.code, wrong.out, wrong.err.count("\n")) == (2, "", 1)
    away = operator.start("user", "list", XINYIN_DATABASE_URL="mysql://root@localhost/xinyin")
    assert (away.code, away.out, away.err.count("\n")) == (3, "", 1)
    assert "XINYIN_DATABASE_URL" in away.err


def test_help_makes_nothing(tmp_path: Path) -> None:
    result = Operator(tmp_path).run("licence", "issue", "--help")
    assert (result.code, result.err) == (0, "")
    assert "--type" in result.out
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_is_one_line_and_2(tmp_path: Path) -> None:
    somebody = Operator(tmp_path)
    (tmp_path / "orders.csv").write_bytes(b"\xff\xff\xff\xff")
    cases: list[tuple[str, list[str | Path]]] = [
        ("No such option", ["user", "list", "--jso"]),
        ("No such command", ["licences"]),
        ("Missing", ["licence", "issue", "orders.csv"]),
        ("does not exist", ["licence", "issue", "--type", FOOD, "nowhere.csv"]),
        ("neither UTF-8", ["licence", "issue", "--type", FOOD, "orders.csv"]),
        ("not the text of a QR code", ["verify", "nonsense"]),
        ("trust directory", ["verify", UNKNOWN_CODE, "--trust", "nowhere"]),
    ]
    said = [somebody.refused(2, *arguments) for _words, arguments in cases]
    assert [words for (words, _), line in zip(cases, said, strict=True) if words not in line] == []
    assert not (tmp_path / "var").exists()


def test_a_wrong_setting_is_named_and_3(tmp_path: Path) -> None:
    somebody = Operator(tmp_path)
    cases = [
        {"XINYIN_DATABASE_URL": "mysql://root@localhost/xinyin"},
        {"XINYIN_DATABASE_URL": "nonsense"},
        {"XINYIN_PORT": "many"},
        {"XINYIN_BLOB_URL": "ftp://x"},
        {"XINYIN_MODE": "production", "XINYIN_GATEWAY_URL": "https://gw.example.gov.cn"},
    ]
    said = [somebody.refused(3, "user", "list", **case) for case in cases]
    named = [*(next(iter(case)) for case in cases[:-1]), "XINYIN_PUBLIC_URL"]
    assert [name for name, line in zip(named, said, strict=True) if name not in line] == []


def test_a_database_that_is_away_is_3_and_a_doctor_says_so(tmp_path: Path, spare_port: int) -> None:
    away = {"XINYIN_DATABASE_URL": f"postgresql+asyncpg://u:secret-word@127.0.0.1:{spare_port}/x"}
    line = Operator(tmp_path).refused(3, "user", "list", **away)
    result = Operator(tmp_path).run("doctor", **away)
    assert (result.code, result.err) == (3, "")
    assert "✗ database" in result.out
    assert "✓ cryptography" in result.out
    assert "secret-word" not in line + result.out


def test_a_healthy_installation_passes_the_doctor(operator: Operator) -> None:
    result = operator.run("doctor")
    assert (result.code, result.err) == (0, "")
    assert "✗" not in result.out


def test_init_and_migrate_may_be_repeated(operator: Operator) -> None:
    key = (operator.folder / "var" / "master.key").read_bytes()
    assert operator.run("init").code == 0
    assert operator.run("migrate").code == 0
    assert (operator.folder / "var" / "master.key").read_bytes() == key
    assert (operator.folder / "var" / "master.key").stat().st_mode & 0o077 == 0


def test_people_are_entered_with_a_password_from_standard_input(operator: Operator) -> None:
    added = operator.run("user", "add", "lin", "--name", "林小满", typed=f"{PASSWORD}\n")
    assert (added.code, added.err) == (0, "")
    listed = {each["username"]: each for each in operator.run("user", "list", "--json").json}
    assert (listed["lin"]["id"], listed["lin"]["name"]) == (added.out.strip(), "林小满")
    assert "taken" in operator.refused(2, "user", "add", "lin", "--name", "林", typed=PASSWORD)
    assert "at least 8" in operator.refused(2, "user", "add", "short", "--name", "短", typed="1234")


def test_an_unknown_organisation_is_refused_and_nobody_is_entered(operator: Operator) -> None:
    stranger = ["--organisation", OTHER_AGENCY.uscc]
    assert "no organisation" in operator.refused(2, "user", "add", "zhou", "--name", "周", *stranger, typed=PASSWORD)
    assert "no organisation" in operator.refused(2, "client", "add", "系统", "--role", "agency", *stranger)
    assert "zhou" not in {each["username"] for each in operator.run("user", "list", "--json").json}


def test_a_client_is_added_and_its_secret_is_shown_once(operator: Operator) -> None:
    agency = ["--role", "agency", "--scope", "licence:issue", "--organisation", AGENCY.uscc]
    made = operator.run("client", "add", "业务系统", *agency, "--json")
    assert made.code == 0
    assert set(made.json) == {"client_id", "client_secret"}
    listed = operator.run("client", "list", "--json")
    assert made.json["client_id"] in [each["client_id"] for each in listed.json]
    assert made.json["client_secret"] not in listed.out
    assert "nonsense" in operator.refused(2, "client", "add", "x", "--role", "agency", "--scope", "nonsense")


def test_types_and_keys_are_listed(operator: Operator) -> None:
    types = operator.run("licence", "types", "--json").json
    assert {"营业执照", "食品经营许可证"} <= {each["name"] for each in types}
    keys = operator.run("keys", "list", "--json")
    assert {"service-checkpoint", "service-claims"} <= {each["name"] for each in keys.json}
    assert all(set(each) == {"name", "algorithm", "state", "uses", "last_used_at"} for each in keys.json)


def test_a_file_is_issued_once_however_often_it_is_given_and_its_export_verifies(operator: Operator) -> None:
    issue = ("licence", "issue", "--type", FOOD, ORDERS / "orders.csv", "--json")
    first = operator.run(*issue)
    assert (first.code, first.err, [each["row"] for each in first.json]) == (0, "", [2, 3])
    assert operator.run(*issue).json == first.json
    licence = first.json[1]["id"]
    told = operator.run("licence", "show", licence, "--json")
    assert (told.json["status"], told.json["issuer"]) == ("valid", AGENCY.name)
    assert "91999999MA02DE34XH" not in told.out
    assert operator.run("licence", "export", licence, "--format", "pdf", "-o", "out.pdf").code == 0
    report = operator.run("verify", "out.pdf", "--json", "--report", "report.json")
    assert (report.code, report.json["indication"]) == (0, "TOTAL-PASSED")
    assert json.loads((operator.folder / "report.json").read_text(encoding="utf-8")) == report.json
    assert operator.run("licence", "revoke", licence, "--cause", "查处").code == 0
    after = operator.run("verify", "out.pdf", "--json")
    assert (after.code, after.json["indication"]) == (1, "TOTAL-FAILED")
    assert operator.run("log", "prove", licence).code == 0


def test_an_old_register_is_cleaned_and_what_is_beyond_doubt_converted(operator: Operator) -> None:
    rows = [old_cells(81, 姓名="林　小满"), old_cells(82, 有效期至="二〇二九年二月三十日")]
    (operator.folder / "register.csv").write_bytes(csv_file(rows, "gb18030"))
    collect = ("licence", "collect", "register.csv", "--type", FOOD, "--class", "A", "--source", "旧系统")
    told = operator.run(*collect, "--accept", "--json")
    assert (told.code, told.json["state"]) == (1, "reviewing")
    assert (told.json["rows"]["converted"], told.json["rows"]["open"]) == (1, 1)
    assert operator.run("licence", "collection", told.json["id"], "--json").json == told.json
    assert "class" in operator.refused(2, *collect[:5], "--class", "E", *collect[7:])


def test_a_row_that_is_refused_is_named_and_the_others_are_issued(operator: Operator) -> None:
    right, wrong = json.loads((ORDERS / "orders.json").read_text(encoding="utf-8"))
    rows = [right | {"valid_to": None}, wrong | {"fields": None}, {}, {"type": "X"}]
    (operator.folder / "mixed.json").write_text(json.dumps(rows), encoding="utf-8")
    issue = ("licence", "issue", "--type", FOOD, "mixed.json", "--json")
    nothing = operator.run(*issue)
    assert (nothing.code, [each["row"] for each in nothing.json]) == (1, [2, 3, 4])
    result = operator.run(*issue, "--skip-wrong")
    assert (result.code, result.err) == (1, "")
    assert ["error" in each for each in result.json] == [False, True, True, True]
    assert "fields" in result.json[1]["error"]


def test_a_file_that_is_none_is_a_negative_answer(operator: Operator) -> None:
    (operator.folder / "noise.pdf").write_bytes(b"%PDF-1.7 nonsense")
    noise = operator.run("verify", "noise.pdf")
    assert (noise.code, noise.err) == (1, "")
    assert "FORMAT_FAILURE" in noise.out


def test_what_is_not_there_is_2(operator: Operator) -> None:
    for arguments in (("licence", "show", "x"), ("log", "prove", "x"), ("user", "disable", "nobody")):
        assert "There is no" in operator.refused(2, *arguments)


def test_the_trail_and_the_log_hold(operator: Operator) -> None:
    trail = operator.run("audit", "verify", "--json")
    assert trail.code == 0
    assert all(each["holds"] and each["events"] for each in trail.json)
    log = operator.run("log", "check", "--json")
    assert (log.code, log.json["holds"]) == (0, True)
    assert operator.run("log", "checkpoint").out.startswith("localhost:8000/log\n")
    exported = operator.run("audit", "export").out.splitlines()
    assert len(exported) >= sum(each["events"] for each in trail.json)
    assert all(json.loads(line)["action"] for line in exported)


def bring_key(here: Operator, there: Operator) -> None:
    """What an operator keeps apart from the backup."""
    shutil.copy(here.folder / "var" / "master.key", there.folder / "var" / "master.key")


def test_a_backup_comes_back_whole_in_an_empty_place(operator: Operator, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert operator.run("backup", kept).code == 0
    assert "not empty" in operator.refused(2, "backup", kept)
    assert not list(kept.rglob("master.key"))
    assert "not empty" in operator.refused(2, "restore", kept)
    empty = tmp_path / "empty"
    (empty / "var").mkdir(parents=True)
    elsewhere = Operator(empty)
    assert elsewhere.run("restore", kept).code == 0
    assert "master key" in elsewhere.refused(3, "user", "list")
    bring_key(operator, elsewhere)
    assert elsewhere.run("user", "list", "--json").json == operator.run("user", "list", "--json").json
    assert elsewhere.run("audit", "verify").code == 0
    assert elsewhere.run("log", "check").code == 0


def test_a_changed_trail_is_noticed(operator: Operator, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    operator.run("backup", kept)
    elsewhere = Operator(tmp_path / "empty")
    (elsewhere.folder / "var").mkdir(parents=True)
    elsewhere.run("restore", kept)
    bring_key(operator, elsewhere)
    tamper = "UPDATE audit_event SET outcome = 'failure' WHERE sequence = 2"
    with closing(sqlite3.connect(elsewhere.folder / "var" / "xinyin.db")) as database, database:
        assert database.execute(tamper).rowcount == 1
    broken = elsewhere.run("audit", "verify")
    assert (broken.code, broken.err) == (1, "")
    assert "BROKEN at event 2" in broken.out


def test_a_service_key_gets_a_successor_and_its_private_half_an_end(operator: Operator) -> None:
    def keys() -> dict[str, Any]:
        return {each["name"]: each for each in operator.run("keys", "list", "--json").json}

    assert keys()["service-claims"]["state"] == "signing"
    assert "in use" in operator.refused(2, "keys", "destroy", "service-claims", "--yes")
    assert "nothing called locks" in operator.refused(2, "keys", "rotate", "locks")
    assert "--after takes hours" in operator.refused(2, "keys", "rotate", "claims", "--after", "-1")
    made = operator.run("keys", "rotate", "claims", "--after", "0", "--json")
    assert (made.code, made.json["name"]) == (0, "service-claims-0002")
    assert (keys()["service-claims"]["state"], keys()["service-claims-0002"]["state"]) == ("published", "signing")

    assert "--yes" in operator.refused(2, "keys", "destroy", "service-claims")
    assert operator.run("keys", "destroy", "service-claims", "--yes").out == "service-claims: destroyed\n"
    assert "service-claims" not in keys()
    assert "--yes" in operator.refused(2, "keys", "retire", "service-claims")
    assert operator.run("keys", "retire", "service-claims", "--yes", "--json").json["state"] == "retired"
    audit = operator.run("audit", "export").out
    assert all(action in audit for action in ("service_key.rotate", "key.destroy", "service_key.retire"))


def test_keys_in_use_are_not_destroyed(operator: Operator) -> None:
    listed = operator.run("keys", "list", "--json").json
    names = [each["name"] for each in listed if each["state"] in (None, "signing")]
    assert len([name for name in names if name.startswith("seal-")]) == 2
    for name in names:
        assert "in use" in operator.refused(2, "keys", "destroy", name, "--yes")
    assert "no key called nothing" in operator.refused(2, "keys", "destroy", "nothing", "--yes")
    assert operator.run("keys", "list", "--json").json == listed


def test_the_uses_of_keys_are_told(operator: Operator) -> None:
    used = {each["name"]: each for each in operator.run("keys", "list", "--json").json if each["uses"]}
    assert any(name.startswith("ca-") or "root" in name for name in used), used
    assert all(each["last_used_at"] for each in used.values())
