"""How long a bridge takes to end when it is asked to, with a reply in hand that never ends and a report that does.

python -m tests.bench.stop [5]     the promise is five seconds; the floor is a process that has nothing in hand
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from bridge.app import build_models, models_cache
from tests.e2e.crash import mind
from tests.e2e.residents import Chatter, Texter
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import until

PROMISED = 5.0  # seconds


async def seconds(*, in_hand: bool) -> float:
    """From SIGTERM to the end of the process."""
    with tempfile.TemporaryDirectory() as folder:
        async with surroundings(Path(folder), models_cache(), mind.serve) as here:
            await here.bridge.start()
            await here.bridge.serving()
            if in_hand:
                await busy(here)
            began = time.monotonic()
            await here.bridge.stop()
            return time.monotonic() - began


async def busy(here: Surroundings) -> None:
    here.providers.telegram.stall(60)
    here.city.trouble = lambda method: "slow" if method == "POST" else "none"
    await Chatter(here.providers, 1).say("hello there")
    await Texter(here.providers, 2).say("huge pothole at 412 Oak St")
    await until(lambda: here.providers.telegram.said and here.city.requests())


def main(rounds: int) -> None:
    logging.disable()  # the stand-ins complain of who hangs up on them
    build_models(models_cache(), lambda _: None)
    floor = [asyncio.run(seconds(in_hand=False)) for _ in range(rounds)]
    taken = [asyncio.run(seconds(in_hand=True)) for _ in range(rounds)]
    print(f"an end with nothing in hand   {max(floor):5.2f} s at most of {rounds}")
    print(f"an end with work in hand      {max(taken):5.2f} s at most of {rounds}, promised {PROMISED:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
