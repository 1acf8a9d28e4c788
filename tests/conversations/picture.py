"""The states of a conversation and what leads from one to the next, found by walking through `decide` itself.

From the first state on, everything in `HAPPENS` is tried in every state that is reached, under every one of a few
policies; a state is known by what it waits for. So the picture shows what the code does, not what somebody meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.flow.conversation import decide
from bridge.vocabulary import (
    Attachment,
    Attribute,
    CityAccepted,
    Event,
    Facts,
    Guess,
    Inbound,
    InboundKind,
    Located,
    Media,
    MessageArrived,
    Place,
    Policy,
    Receipt,
    Report,
    Service,
    ServiceRequest,
    State,
    StatusChanged,
    TimerFired,
    TwinsFound,
    Understanding,
)

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
HOLE = (Guess("hole", 0.9),)
UNSURE = (Guess("light", 0.3), Guess("hole", 0.28))
OAK, ELM, FAR = (Place(f"412 {name}", 40 + n / 10, -99.0, 10.0) for n, name in enumerate(("Oak", "Elm", "Far"), 1))
REPORT = Report("1", "K7QM2F9P", "fairview", "c", "hole", "Pothole", "a hole", OAK, state="accepted")
ELSEWHERE = replace(REPORT, id="", service_request_id="77", conversation_id="")
FACTS = Facts({code: Service(code, code) for code in ("hole", "light")}, "Fairview")
ASKING = replace(FACTS, definitions={"hole": (Attribute("SIZE", "string", "How big?", True),)})
HOLD = Policy(hold=timedelta(seconds=20), satisfaction=True)


@dataclass(frozen=True, slots=True)
class World:
    """One way a city can be: its rules, and what is known besides."""

    policy: Policy = HOLD
    facts: Facts = FACTS


WORLDS = (
    World(),
    World(replace(HOLD, confirm="always")),
    World(replace(HOLD, photo_for=("hole",))),
    World(replace(HOLD, twin_m=50, twins_at_city=True)),
    World(replace(HOLD, twin_m=50), replace(FACTS, nearby=(replace(REPORT, id="2"),))),
    World(facts=ASKING),
    World(facts=replace(FACTS, contact_needed=("email",))),
    World(facts=replace(FACTS, contact_needed=("first_name",))),
    World(facts=replace(FACTS, contact_needed=("phone",), contact={"phone": "+15550100"})),
    World(facts=replace(FACTS, reports=(replace(REPORT, created_at=NOW - timedelta(days=3)),))),
)


def _message(
    text: str,
    guesses: tuple[Guess, ...] = (),
    places: tuple[Place, ...] = (),
    *,
    civic: float = 0.9,
    files: int = 0,
    parts: tuple[Understanding, ...] = (),
) -> MessageArrived:
    media = tuple(Media(f"photo{n}", f"blob{n}", "image/jpeg") for n in range(files))
    attachments = tuple(Attachment("image/jpeg", photo.token) for photo in media)
    message = Inbound("a", "sms", InboundKind.MESSAGE, "k", "+1", "+1", NOW, text=text, attachments=attachments)
    located = Located(candidates=places, ask=len(places) != 1)
    return MessageArrived(message, Understanding(text, "en", guesses, civic, located), parts, media)


def _half(code: str, p: float) -> Understanding:
    return Understanding(f"a {code} here", "en", (Guess(code, p),), 0.9)


HAPPENS: Mapping[str, Event] = {
    "a whole report": _message("pothole at 412 Oak", HOLE, (OAK,)),
    "a report without its place": _message("pothole", HOLE),
    "words that may be several things": _message("it is broken at 412 Oak", UNSURE, (OAK,)),
    "words nobody understands": _message("that thing at 412 Oak", (), (OAK,)),
    "a place that may be two": _message("pothole at 412", HOLE, (OAK, ELM)),
    "two problems": _message(
        "a hole here and a light", HOLE, (OAK,), parts=(_half("hole", 0.9), _half("light", 0.7))
    ),
    "a place": _message("412 Far", (), (FAR,), civic=0.1),
    "a home": _message("I live at 412 Oak", (), (OAK,), civic=0.1),
    "a report at my house": _message("pothole at my house", HOLE),
    "a photo": _message("", (), (), civic=0.0, files=1),
    "other words": _message("ada@example.com", (), (), civic=0.1),
    "a name": _message("my name is Ada", (), (), civic=0.1),
    "yes": _message("yes", (), (), civic=0.0),
    "no": _message("no", (), (), civic=0.0),
    "a number": _message("1", (), (), civic=0.0),
    "skip": _message("skip", (), (), civic=0.0),
    "hello": _message("hello", (), (), civic=0.0),
    "UNDO": _message("undo", (), (), civic=0.0),
    "STOP": _message("stop", (), (), civic=0.0),
    "START": _message("start", (), (), civic=0.0),
    "the hold ends": TimerFired("hold"),
    "silence": TimerFired("silence"),
    "the city lists a twin": TwinsFound((ELSEWHERE,)),
    "the city lists none": TwinsFound(),
    "the city takes it": CityAccepted(REPORT, Receipt("77")),
    "the city closes it": StatusChanged(REPORT, ServiceRequest("77", "closed")),
}

MOST_OF_A_KIND = 12  # states that wait for the same thing, and differ in what was asked before


def waits_for(state: State) -> str:
    """What a state is known by."""
    if state.opted_out:
        return "opted out"
    if state.draft and state.draft.looking:
        return "the city's list"
    if state.draft and state.held_since:
        return "more words"
    if state.question:
        return f"answer: {state.question}"
    return "nothing"


@dataclass
class Walk:
    """Every step that was found: from, to, and by what."""

    steps: dict[tuple[str, str], dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def __call__(self, world: World) -> None:
        todo, known = [State()], [State()]
        while todo:
            state = todo.pop(0)
            for name, event in HAPPENS.items():
                after = decide(state, event, world.facts, world.policy, NOW).state
                after = replace(after, arrivals=(), repeats=0, said="", misses=0, told_at=None, closed=())
                self.steps[waits_for(state), waits_for(after)].setdefault(name)
                if after not in known and sum(waits_for(k) == waits_for(after) for k in known) < MOST_OF_A_KIND:
                    known.append(after)
                    todo.append(after)


def mermaid() -> str:
    """The picture, as Mermaid draws it; what happens alike in every state is left to the words around it."""
    walk = Walk()
    for world in WORLDS:
        walk(world)
    names = sorted({name for step in walk.steps for name in step})
    lines = ["stateDiagram-v2", "    [*] --> nothing"]
    lines += [f'    state "{name}" as {_id(name)}' for name in names if _id(name) != name]
    for (before, after), what in sorted(walk.steps.items()):
        told = [name for name in what if name not in EVERYWHERE.get(after, ())]
        if before != after and told:
            lines.append(f"    {_id(before)} --> {_id(after)}: {', '.join(_in_short(told))}")
    return "\n".join(lines)


def _in_short(told: list[str]) -> list[str]:
    """Where all sorts of words lead to the same state, they are words."""
    sorts = [name for name in told if name in WORDS]
    return told if len(sorts) < FEW else ["words", *(name for name in told if name not in WORDS)]


FEW = 4
WORDS = [name for name, event in HAPPENS.items() if isinstance(event, MessageArrived)][
    : list(HAPPENS).index("yes")
]
WORDS.remove("a photo")
EVERYWHERE: Mapping[str, tuple[str, ...]] = {
    "opted out": ("STOP",),
    "nothing": ("UNDO",),
}


def _id(name: str) -> str:
    return name.replace("answer: ", "ask_").replace("'s", "").replace(" ", "_")
