"""Memory of a whole bridge, all its processes, over many messages of all kinds: SQLite, the real models.

python -m tests.bench.memory [messages]      200,000 unless told otherwise

Residents text, write letters and chat: reports in English and Spanish, answers to what was asked, corrections,
thanks, questions after a report, STOP and START, chatter, and deliveries that Twilio repeats. Every text has words
that nobody wrote before: names, house numbers, slips of the keyboard. The city closes what it has; the residents
hear of it. The next message is sent as soon as few wait, so the rate is what the process can do.

The providers and the city answer from this process, which forgets what it need not know.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bridge.app import models_cache
from bridge.demo.providers import Providers
from tests.bench.load import HOUSES
from tests.bench.processes import megabytes_of, own_megabytes_of
from tests.e2e.process import serve
from tests.e2e.residents import Chatter, Resident, Texter, Writer
from tests.e2e.surroundings import Surroundings, surroundings
from tests.e2e.waiting import until

MESSAGES = 200_000
PARTS = 10
WARM = 2  # parts after which growth is counted: by then every cache of words is full that will be
PER = 10_000

RESIDENTS: tuple[Callable[[Providers, int], Resident], ...] = (Texter, Texter, Texter, Writer, Chatter)
AT_ONCE = 60  # residents in the middle of their story
MOST_WAITING = 20  # messages
LOOK_EVERY = 10
REPEATED = 0.04  # of all messages
KEPT = 1000  # messages that a stand-in remembers
POLL_SECONDS = 20
PATIENCE = 600

PROBLEMS = (
    "there is a huge pothole",
    "the street light is out",
    "someone dumped an old couch and bags of trash",
    "graffiti all over the wall",
    "a tree limb came down on the sidewalk",
    "the trash was not picked up again",
    "an abandoned car without plates has stood here for weeks",
    "water is bubbling up out of the pavement",
)
PROBLEMAS = (
    "hay un bache enorme",
    "no sirve la luz de la calle",
    "tiraron un sillón viejo y basura",
    "pintaron grafiti en la pared",
)
STREETS = ("Oak St", "Elm St", "Main St")
CHATTER = (
    "lol {} did you see {} last night",
    "hello {}",
    "who is this? {} gave me the number",
    "jaja {} qué tal {}",
)
QUESTIONS = ("status", "what happened with my report?", "when will it be fixed?", "estado", "HELP")
SYLLABLES = tuple(first + vowel for first in "bcdfghjklmnprstvz" for vowel in "aeiou")


@dataclass
class Stories:
    """What residents say, by a fixed lot."""

    lot: random.Random = field(default_factory=lambda: random.Random(311))

    def one(self) -> list[str]:
        """The messages of a resident, in order."""
        stories = (
            self.told,
            self.told,
            self.asked,
            self.asked,
            self.corrected,
            self.spanish,
            self.stopped,
            self.chat,
        )
        return self.lot.choice(stories)()

    def told(self) -> list[str]:
        return [f"{self.problem()} at {self.house()}. {self.name()}", *self.after()]

    def asked(self) -> list[str]:
        return [f"{self.problem()} near {self.name()}'s", self.house(), *self.after()]

    def corrected(self) -> list[str]:
        return [f"{self.problem()} at {self.house()}", f"no, I meant {self.house()}"]

    def spanish(self) -> list[str]:
        return [f"{self.lot.choice(PROBLEMAS)} en {self.house()}, soy {self.name()}", "gracias"]

    def stopped(self) -> list[str]:
        return ["STOP", "START", *self.told()]

    def chat(self) -> list[str]:
        return [self.lot.choice(CHATTER).format(self.name(), self.name())]

    def after(self) -> list[str]:
        return self.lot.choice(([], ["thanks!"], ["ok thank you"], [self.lot.choice(QUESTIONS)]))

    def problem(self) -> str:
        """With a slip of the keyboard."""
        words = f"Hi, this is {self.name()}, {self.lot.choice(PROBLEMS)}"
        at = self.lot.randrange(len(words))
        return words[:at] + self.lot.choice("aeiouxqz") + words[at + 1 :]

    def house(self) -> str:
        return f"{100 + 2 * self.lot.randrange(HOUSES)} {self.lot.choice(STREETS)}"

    def name(self) -> str:
        return "".join(self.lot.choices(SYLLABLES, k=3)).title()


@dataclass
class Crowd:
    """Residents who take turns. `said` counts messages, repeated deliveries included."""

    here: Surroundings
    stories: Stories = field(default_factory=Stories)
    said: int = 0

    async def speak(self, count: int) -> None:
        """Sends so many messages, never many more than are understood."""
        turns = self._turns()
        while self.said < count:
            if self.said % LOOK_EVERY == 0:
                await until(lambda: waiting(self.here) <= MOST_WAITING, PATIENCE)
            resident, words = next(turns)
            await resident.say(words)
            self.said += 1
            received = self.here.providers.twilio.received
            if self.stories.lot.random() < REPEATED and received:
                (await self.here.providers.twilio.post(received[-1].form)).raise_for_status()
                self.said += 1
            del received[:-KEPT]

    def _turns(self) -> Iterator[tuple[Resident, str]]:
        started = 0
        middle: list[tuple[Resident, list[str]]] = []
        while True:
            while len(middle) < AT_ONCE:
                resident = RESIDENTS[started % len(RESIDENTS)](self.here.providers, started)
                middle.append((resident, self.stories.one()))
                started += 1
            at = self.stories.lot.randrange(AT_ONCE)
            resident, left = middle[at]
            yield resident, left.pop(0)
            if not left:
                del middle[at]


def waiting(here: Surroundings) -> int:
    """Messages that are not understood yet."""
    return int(here.rows("SELECT count(*) FROM inbox WHERE state = 'open'")[0][0])


async def close_requests(here: Surroundings) -> None:
    """A city that gets things done, for ever."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        known = "SELECT service_request_id FROM report WHERE state = 'accepted' AND status = 'open' LIMIT 200"
        for (request_id,) in here.rows(known):
            await asyncio.to_thread(here.city.desk.change_status, request_id, "closed", "Done.")


async def forget(following: Callable[[float], Awaitable[object]], kept: list[object]) -> None:
    """Lets a stand-in keep its newest messages only, for ever."""
    while True:
        await following(24 * 3600)
        del kept[:-KEPT]


async def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with surroundings(Path(folder), models_cache(), serve) as here:
            settings = here.data.with_name("bridge.toml")
            text = settings.read_text()
            settings.write_text(text.replace("poll_seconds = 0.5", f"poll_seconds = {POLL_SECONDS}", 1))
            await here.bridge.start()
            await until(here.bridge.serves, PATIENCE)
            providers = here.providers
            background = [
                asyncio.create_task(work)
                for work in (
                    close_requests(here),
                    forget(providers.twilio.next_text, providers.twilio.texts),
                    forget(providers.telegram.next_said, providers.telegram.said),
                    forget(providers.mail.next_mail, providers.mail.mails),
                )
            ]
            await _in_parts(here, count)
            for task in background:
                task.cancel()
            await here.bridge.stop()


async def _in_parts(here: Surroundings, count: int) -> None:
    print(f"{'messages':>10}{'a second':>10}{'resident, MB':>14}{'its own, MB':>14}{'stand-ins, MB':>15}")
    crowd = Crowd(here)
    seen: list[tuple[int, float]] = []
    for part in range(PARTS + 1):
        began, before = time.perf_counter(), crowd.said
        await crowd.speak(count * part // PARTS)
        rate = (crowd.said - before) / max(1e-9, time.perf_counter() - began)
        own = own_megabytes_of(here.bridge.pid)
        seen.append((crowd.said, own))
        numbers = f"{megabytes_of(here.bridge.pid):>14.0f}{own:>14.1f}{megabytes_of(os.getpid()):>15.0f}"
        print(f"{crowd.said:>10}{rate if part else 0:>10.1f}{numbers}", flush=True)
    (first, low), (last, high) = seen[WARM], seen[-1]
    print(f"after {first} messages it grew by {(high - low) / (last - first) * PER:.1f} MB for each {PER:,}")
    reports = here.rows("SELECT state, count(*) FROM report GROUP BY state ORDER BY 1")
    print("reports: " + ", ".join(f"{number} {state}" for state, number in reports))


if __name__ == "__main__":
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # inherited by the bridge
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES))
