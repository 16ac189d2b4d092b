"""No column with envelopes is forgotten: each column of bytes says what it is."""

from sqlalchemy import LargeBinary

from kernel.rekeying.files import sealed_file_columns
from kernel.rekeying.tables import named_in, sealed_columns
from xinyin.tables import METADATA, load_rows

load_rows()

OPEN = {
    # digests, and what they are taken of
    "verify_region.pack",  # signed by its region, and public
    "audit_chain.hash", "audit_chain.seal", "audit_event.hash",
    "audit_event.previous_hash", "idp_cas_proxy_granting_ticket.ticket_hash", "idp_client.registration_token_hash",
    "idp_client.secret_hash", "idp_initial_access_token.token_hash", "idp_opaque_token.token_hash",
    "idp_refresh_token.token_hash", "idp_session.token_hash", "vault_ledger_checkpoint.root",
    "vault_ledger_leaf.commitment", "vault_ledger_leaf.content", "vault_ledger_leaf.leaf_hash",
    "vault_ledger_node.hash",
    # what anybody may see
    "idp_passkey.credential_id", "idp_passkey.public_key", "idp_saml_key.certificate",
    "seal_certificate.der", "seal_crl.der", "seal_pending_timestamp.token",
    "seal_seal.esl", "seal_seal.p256_certificate", "seal_seal.picture",
    "seal_seal.sm2_certificate", "seal_service_key.public_key",
}  # fmt: skip


def test_every_column_of_bytes_is_declared_sealed_or_known_to_be_open() -> None:
    sealed = {str(column) for column in sealed_columns(METADATA.values())}
    binary = {
        f"{table.name}.{column.name}"
        for metadata in METADATA.values()
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert binary - sealed - OPEN == set()
    assert binary - sealed >= OPEN


def test_every_column_that_names_a_blob_is_declared() -> None:
    sealed = {str(column) for column in sealed_file_columns(METADATA.values())}
    naming = {
        f"{table.name}.{column.name}"
        for metadata in METADATA.values()
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_blob") or "blob" in column.name
    }
    assert naming == sealed


def test_a_context_names_columns_of_its_own_table() -> None:
    columns = [*sealed_columns(METADATA.values()), *sealed_file_columns(METADATA.values())]
    assert len(columns) > 20
    for sealed in columns:
        assert set(named_in(sealed.context)) <= {column.name for column in sealed.table.columns}, sealed
