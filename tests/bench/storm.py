"""A storm: fifty times the usual messages for ten minutes, over all channels, to one process on SQLite.

python -m tests.bench.storm [minutes] [messages a day]

The usual rate is that of a city of millions: 8,640 messages a day, one in ten seconds. Of five residents three
text, one writes a letter, one chats; each has a report. Every process reads with the real models, on one BLAS
thread; the providers and the city answer from this process, on the same machine.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bridge.app import models_cache
from bridge.demo.mail_sink import deliver, letter
from bridge.demo.providers import MAILBOX
from tests.bench.load import HOUSES, WORDS, accepted, milliseconds
from tests.bench.processes import megabytes_of
from tests.e2e.process import serve
from tests.e2e.surroundings import OPEN_WORK, Surroundings, surroundings
from tests.e2e.waiting import until

MINUTES = 10.0
USUAL_A_DAY = 8640
POLL_SECONDS = 60  # the default is 900; at the tests' .5 reading thousands of open requests is all that goes on
TIMES = 50
CHANNELS = ("sms", "sms", "mail", "sms", "chat")
WAITED_FOR = ("sms", "mail")  # Telegram keeps a message until the bridge fetches it: nobody waits there

PATIENCE = 600


@dataclass
class Storm:
    """What is sent, how long each took to be acknowledged, by channel, and how many were not."""

    here: Surroundings
    acknowledged: dict[str, list[float]] = field(default_factory=lambda: {channel: [] for channel in WAITED_FOR})
    refused: Counter[str] = field(default_factory=Counter)

    async def send(self, number: int) -> None:
        """One resident's report."""
        channel = CHANNELS[number % len(CHANNELS)]
        began = time.perf_counter()
        try:
            taken = await self._sent(channel, number)
        except OSError:
            taken = False
        if not taken:
            self.refused[channel] += 1
        elif channel in WAITED_FOR:
            self.acknowledged[channel].append(time.perf_counter() - began)

    async def _sent(self, channel: str, number: int) -> bool:
        words, providers = WORDS.format(100 + 2 * (number % HOUSES)), self.here.providers
        if channel == "sms":
            return (await providers.twilio.text(f"+1555{number:07d}", words)).is_success
        if channel == "mail":
            raw = letter(f"resident{number}@home.example", MAILBOX, "Pothole", words).as_bytes()
            return (await deliver("127.0.0.1", providers.smtp_port, raw)).code == 250
        await providers.telegram.text(700_000 + number, words)
        return True


async def measure(minutes: float, a_day: int) -> None:
    every = 24 * 3600 / a_day / TIMES
    count = round(minutes * 60 / every)
    with tempfile.TemporaryDirectory() as folder:
        async with surroundings(Path(folder), models_cache(), serve, poll_seconds=POLL_SECONDS) as here:
            await here.bridge.start()
            await until(here.bridge.serves, PATIENCE)
            storm = Storm(here)
            gc.collect()
            gc.freeze()  # a pause of this process would be counted as the bridge's
            print(f"{count} messages in {minutes:g} minutes, {1 / every:.1f} a second")
            print(f"{'sent':>8}{'waiting rows':>14}{'memory, MB':>12}")
            began = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for number in range(count):
                    await asyncio.sleep(max(0.0, began + number * every - time.perf_counter()))
                    group.create_task(storm.send(number))
                    if number % max(1, count // 5) == 0:
                        _progress(here, number)
            ended = time.perf_counter()
            await until(lambda: accepted(here) >= count, PATIENCE, 1)
            await until(lambda: not _waiting(here), PATIENCE, 1)
            _progress(here, count)
            print(f"drained {time.perf_counter() - ended:.0f} s after the last message; at the city: {count}")
            for channel, seconds in storm.acknowledged.items():
                times = "".join(f"  p{percent} {milliseconds(seconds, percent):.0f} ms" for percent in (50, 99))
                print(f"{channel:<6} refused {storm.refused[channel]}, acknowledged{times} (to reach: p99 100 ms)")
            await here.bridge.stop()


def _progress(here: Surroundings, sent: int) -> None:
    print(f"{sent:>8}{_waiting(here):>14}{megabytes_of(here.bridge.pid):>12.0f}", flush=True)


def _waiting(here: Surroundings) -> int:
    return len(here.rows(OPEN_WORK))


if __name__ == "__main__":
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # inherited by the bridge
    arguments = sys.argv[1:]
    asyncio.run(
        measure(float(arguments[0]) if arguments else MINUTES, int(arguments[1]) if arguments[1:] else USUAL_A_DAY)
    )
