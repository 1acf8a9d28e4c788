"""A bridge with one account alone serves: a channel without settings is off, and missed by nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.crash import mind
from tests.e2e.residents import RESIDENTS, Resident, hears
from tests.e2e.surroundings import ACCOUNTS, surroundings


@pytest.mark.parametrize(("account", "kind"), list(zip(ACCOUNTS, RESIDENTS, strict=True)), ids=ACCOUNTS)
async def test_one_account_is_enough(
    account: str, kind: Callable[..., Resident], tmp_path: Path, models_dir: Path
) -> None:
    async with surroundings(tmp_path, models_dir, mind.serve, [account]) as here:
        await here.bridge.start()
        await here.bridge.serving()
        resident = kind(here.providers, 1)
        await resident.say("huge pothole at 412 Oak St")
        request_id = (await hears(resident, r"Its number is (\d+)\."))[1]
        here.city.desk.change_status(request_id, "closed", "Filled.")
        await hears(resident, rf"Report {request_id} is closed.*Filled\.")
