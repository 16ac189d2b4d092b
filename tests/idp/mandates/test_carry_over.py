"""Installations from before mandates: who could act for an enterprise, and is known by name, goes on."""

from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text

from kernel.database.engine import Database
from kernel.database.migrations import alembic_config
from xinyin.tables import METADATA, MIGRATIONS, load_rows

MEMBERS = [
    ("91990000MA0000002E", "enterprise", "leader", "法定代表人", 3),
    ("91990000MA0000002E", "enterprise", "second", "法定代表人", 4),
    ("91990000MA0000002E", "enterprise", "clerk", "member", 3),
    ("91990000MA0000002E", "enterprise", "unknown", "member", 2),
    ("11990000MB0000001M", "agency", "officer", "officer", 4),
]
AT = "2026-01-01 00:00:00.000000"


async def test_members_of_enterprises_go_on_under_mandates(tmp_path: Path) -> None:
    load_rows()
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    config = alembic_config("idp", MIGRATIONS["idp"], METADATA["idp"])

    def upgrade(connection: Connection, revision: str) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with database.engine.begin() as connection:
        await connection.run_sync(upgrade, "idp_0003")
        for number, (uscc, kind, person, role, level) in enumerate(MEMBERS):
            organisation = {"uscc": uscc, "kind": kind, "at": AT}
            await connection.execute(
                text("INSERT OR IGNORE INTO idp_organisation VALUES (:uscc, 'N', :kind, :at)"), organisation
            )
            await connection.execute(
                text(
                    "INSERT INTO idp_person (id, display_name, locale, state, assurance_level, created_at)"
                    " VALUES (:id, 'N', 'en', 'active', :level, :at)"
                ),
                {"id": person, "level": level, "at": AT},
            )
            member = {"uscc": uscc, "person": person, "role": role, "at": AT.replace("00:00:00", f"00:00:0{number}")}
            await connection.execute(text("INSERT INTO idp_membership VALUES (:uscc, :person, :role, :at)"), member)
        await connection.run_sync(upgrade, "head")
        found = await connection.execute(text("SELECT person_id, capacity, accepted_at FROM idp_mandate ORDER BY id"))
        carried = [(person, capacity) for person, capacity, accepted in found if accepted]
    await database.dispose()
    assert sorted(carried) == [("clerk", "agent"), ("leader", "representative"), ("second", "agent")]
