"""What must be there before anything starts."""

from pathlib import Path

import pytest

from kernel.errors import ConfigurationError
from tests.houses import house_settings
from xinyin.foundation import open_foundation


async def test_a_lost_master_key_is_named_and_no_new_one_hides_the_loss(tmp_path: Path) -> None:
    settings = house_settings(tmp_path)
    async with open_foundation(settings) as foundation:
        foundation.keystore.generate("probe", "ES256")
    settings.master_key_file.unlink()
    with pytest.raises(ConfigurationError, match=r"master\.key is missing"):
        async with open_foundation(settings):
            pass
    assert not settings.master_key_file.exists()
