"""`xinyin ca`: certificates of outside keys and outside authorities, with OpenSSL on the other side."""

import subprocess

import pytest

from tests.houses import AGENCY
from tests.seal.pdf_samples import minimal_pdf
from tests.xinyin.test_cli import PASSWORD, Operator


@pytest.fixture(scope="module")
def clerk(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """At an installation with a seal in use; `seal.id` holds its id."""
    found = Operator(tmp_path_factory.mktemp("installation"))
    assert found.run("init").code == 0
    found.run("organisation", "add", AGENCY.uscc, AGENCY.name)
    for name in ("applicant", "approver"):
        found.run(
            "user", "add", name, "--name", name, "--role", "officer", "--organisation", AGENCY.uscc, typed=PASSWORD
        )
    seal = found.run("seal", "apply", AGENCY.name, "--owner", AGENCY.uscc, "--as", "applicant").out.strip()
    assert found.run("seal", "approve", seal, "--as", "approver").code == 0
    (found.folder / "seal.id").write_text(seal)
    return found


def openssl(clerk: Operator, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=clerk.folder, check=True, capture_output=True)


def test_a_persons_key_made_by_openssl_is_certified_listed_and_revoked(clerk: Operator) -> None:
    openssl(clerk, "genpkey", "-algorithm", "SM2", "-out", "ukey.pem")
    openssl(clerk, "req", "-new", "-sm3", "-key", "ukey.pem", "-subj", "/CN=anything", "-out", "ukey.csr")

    options = ("--name", "林小满", "--reference", "person-7", "--as", "approver", "-o", clerk.folder / "ukey.crt")
    signed = clerk.run("ca", "sign", clerk.folder / "ukey.csr", *options)
    assert (signed.code, signed.err) == (0, "")
    assert (clerk.folder / "ukey.crt").read_text().count("BEGIN CERTIFICATE") == 3

    linted = clerk.run("ca", "lint", clerk.folder / "ukey.crt", "--json")
    assert (linted.code, linted.json) == (0, [])

    listed = clerk.run("ca", "list", "--json").json
    (row,) = [each for each in listed if each["of"] == "person-7"]
    assert (row["purpose"], row["revoked_at"]) == ("person", None)
    assert {"sm2-tsa", "p256-ocsp", "seal-maker"} <= {each["of"] for each in listed}

    assert clerk.run("ca", "revoke", row["serial"], "--reason", "superseded", "--as", "approver").code == 0
    again = clerk.refused(2, "ca", "revoke", row["serial"], "--as", "approver")
    assert "revoked on" in again
    assert "There is no such reason" in clerk.refused(2, "ca", "revoke", "1", "--reason", "x", "--as", "approver")


def test_an_outside_authority_certifies_a_seal(clerk: Operator) -> None:
    """OpenSSL plays the authority."""
    seal = (clerk.folder / "seal.id").read_text()
    asked = clerk.run("ca", "csr", seal, "-o", clerk.folder / "seal.csr")
    assert (asked.code, asked.err) == (0, "")
    assert "BEGIN CERTIFICATE REQUEST" in clerk.run("ca", "csr", seal, "--family", "sm2").out
    openssl(
        clerk, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "root.key",
        "-subj", "/C=CN/CN=Outside Root", "-days", "7000", "-out", "root.crt",
    )  # fmt: skip
    (clerk.folder / "ext.cnf").write_text(
        "keyUsage=critical,digitalSignature,nonRepudiation\nbasicConstraints=critical,CA:FALSE\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    openssl(
        clerk, "x509", "-req", "-in", "seal.csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial",
        "-days", "4000", "-extfile", "ext.cnf", "-out", "seal.crt",
    )  # fmt: skip

    lonely = clerk.refused(2, "ca", "import", seal, clerk.folder / "seal.crt", "--as", "approver")
    assert "one root" in lonely
    answer = (clerk.folder / "seal.crt", clerk.folder / "root.crt")
    imported = clerk.run("ca", "import", seal, *answer, "--as", "approver")
    assert (imported.code, imported.err) == (0, "")
    assert AGENCY.name in imported.out

    (clerk.folder / "in.pdf").write_bytes(minimal_pdf())
    sealed = clerk.run("seal", "sign", clerk.folder / "in.pdf", "--seal", seal, "-o", clerk.folder / "out.pdf")
    assert (sealed.code, sealed.err) == (0, "")
    told = subprocess.run(["pdfsig", clerk.folder / "out.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in told


def test_lints_name_what_is_wrong(clerk: Operator) -> None:
    openssl(
        clerk, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "weak.key", "-subj", "/CN=weak",
        "-days", "99999", "-out", "weak.crt",
    )  # fmt: skip
    linted = clerk.run("ca", "lint", clerk.folder / "weak.crt", "--json")
    assert linted.code == 1
    assert {"validity_is_sound", "key_usage_fits"} <= {each["rule"] for each in linted.json}
    said = clerk.run("ca", "lint", clerk.folder / "weak.crt")
    assert (said.code, "validity_is_sound" in said.out) == (1, True)


def test_wrong_files_and_words_are_refused_in_one_line(clerk: Operator) -> None:
    seal = (clerk.folder / "seal.id").read_text()
    (clerk.folder / "noise").write_bytes(b"noise")
    (clerk.folder / "empty.pem").write_text("-----BEGIN NOTHING-----\n")
    assert "no family" in clerk.refused(2, "ca", "csr", seal, "--family", "dsa")
    assert "cannot be read" in clerk.refused(2, "ca", "lint", clerk.folder / "noise")
    assert "cannot be read" in clerk.refused(2, "ca", "lint", clerk.folder / "empty.pem")
    clerk.refused(2, "ca", "sign", clerk.folder / "noise", "--name", "x", "--reference", "y", "--as", "approver")
    clerk.refused(2, "ca", "csr", "0" * 32)
