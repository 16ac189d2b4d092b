"""All that hangs on the master key in one list: columns, files, keys."""

from collections.abc import AsyncIterator
from pathlib import Path

from kernel.crypto.custody.addresses import file_folders, parse_address
from kernel.crypto.custody.files import FileKeyStore
from kernel.crypto.startup.master_key import MasterKeyFile
from kernel.rekeying.files import SealedFiles
from kernel.rekeying.tables import SealedColumns
from xinyin.foundation import Foundation
from xinyin.settings import Settings
from xinyin.tables import METADATA

KEY_FILES = "key files"
HANGING = "{count} records still hang on an earlier master key. Run `xinyin keys rotate-master`."


class Rekeying:
    """Says what hangs on an earlier master key, and moves it to the current one."""

    def __init__(self, foundation: Foundation) -> None:
        envelope, database = foundation.envelope, foundation.database
        metadata = list(METADATA.values())
        stores = {"licences": foundation.blobs, "seal jobs": foundation.seal_job_blobs}
        self._columns = SealedColumns(database, envelope, metadata)
        self.files = SealedFiles(database, envelope, stores, metadata, progress_file(foundation.settings))
        self._source = MasterKeyFile(foundation.settings.master_key_file)
        self._keys = _key_files(foundation.settings, self._source)

    async def hanging(self) -> dict[str, int]:
        """How much is still under an earlier key, by place; places with nothing are left out."""
        if not self._source().earlier:
            return {}
        counts = {KEY_FILES: sum(len(store.hanging_on_others()) for store in self._keys)}
        for column in self._columns.columns:
            counts[str(column)] = await self._columns.hanging_on_others(column)
        for files in self.files.columns:
            counts[str(files)] = await self.files.hanging_on_others(files)
        return {place: count for place, count in counts.items() if count}

    async def move(self) -> AsyncIterator[tuple[str, int]]:
        """Move everything; gives each step's place and number. Begun again after a crash, it goes on."""
        self.files.start()
        for store in self._keys:
            for name in store.hanging_on_others():
                store.rewrap(name)
                yield KEY_FILES, 1
        for column in self._columns.columns:
            async for moved in self._columns.move(column):
                yield str(column), moved
        for files in self.files.columns:
            async for moved in self.files.move(files):
                yield str(files), moved


def progress_file(settings: Settings) -> Path:
    """Beside the master key."""
    return settings.master_key_file.with_name(f"{settings.master_key_file.name}.rotation")


def _key_files(settings: Settings, source: MasterKeyFile) -> list[FileKeyStore]:
    return [FileKeyStore(folder, source) for folder in file_folders(parse_address(settings.keys)) if folder.is_dir()]
