"""Random residents of random moods against the pure conversation: what must hold whatever they do.

A hundred residents of a hundred steps each. The world around `decide` is as small as it can be: what was said,
what was filed, and a clock with its timers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bridge.flow.conversation import decide
from bridge.vocabulary import (
    Alarm,
    Attachment,
    Attribute,
    CityAccepted,
    CityRefused,
    CityUnreachable,
    DropTimer,
    EmergencyHeard,
    Event,
    Facts,
    FileReport,
    Follow,
    Forget,
    Guess,
    Inbound,
    InboundKind,
    Located,
    LookForTwins,
    Mention,
    MessageArrived,
    Pin,
    Place,
    Policy,
    PostUpdate,
    Receipt,
    Report,
    Say,
    Service,
    ServiceRequest,
    SetTimer,
    StaffReplied,
    State,
    StatusChanged,
    TimerFired,
    TimerName,
    ToStaff,
    TwinsFound,
    Understanding,
    Value,
)

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
CODES = ("hole", "light", "trash", "car")
SERVICES = {code: Service(code, code.title(), metadata=code == "car") for code in CODES}
COLOURS = tuple(Value(f"c{n}", f"Colour {n}") for n in range(12))
DEFINITIONS = {
    "car": (
        Attribute("colour", "singlevaluelist", "Which colour?", True, values=COLOURS, order=1),
        Attribute("since", "datetime", "Since when?", True, order=2),
    )
}
PLACES = tuple(Place(f"{n} Oak St", 40 + n / 10_000, -99.0, 10.0) for n in range(1, 6))
COMMANDS = (
    *("STOP", "stop texting me", "wrong number", "START", "help", "status", "status 1", "my reports", "undo"),
    *("anonymous", "español", "english", "human", "forget me", "REPORT", "thanks", "yes", "no", "none", "skip"),
    *("1", "2", "3", "0", "7", "wrong address, 2", "no, it's the other one", "wrong address", "👍", "", "?"),
    *("Liked “Thank you!”", "when is trash day?", "I live at 1 Oak St", "in front of my house", "9"),
)

guesses = st.one_of(
    st.sampled_from(CODES).map(lambda code: (Guess(code, 0.9),)),
    st.permutations(CODES).map(
        lambda codes: tuple(Guess(c, p) for c, p in zip(codes, (0.3, 0.2, 0.1, 0.05), strict=True))
    ),
    st.permutations(CODES).map(lambda codes: tuple(Guess(code, 0.02) for code in codes)),
    st.just(()),
)
located = st.one_of(
    st.just(Located()),
    st.just(Located(outside=True)),
    st.sampled_from(PLACES).map(lambda place: Located(candidates=(place,), ask=False)),
    st.just(Located(candidates=PLACES[:3], ask=True)),
    st.sampled_from(PLACES).map(lambda place: Located((Mention(0, 3, "street", "Oak"),), (place,), ask=True)),
    st.just(Located(mentions=(Mention(0, 3, "street", "Elm"),))),
)
policies = st.builds(
    Policy,
    hold=st.sampled_from([timedelta(0), timedelta(seconds=20)]),
    confirm=st.sampled_from(["always", "unsure", "never"]),
    unfinished=st.sampled_from(["staff", "drop"]),
    twin_m=st.sampled_from([0.0, 50.0]),
    twins_at_city=st.booleans(),
    quiet=st.sampled_from([None, (time(21), time(8))]),
    takes_updates=st.booleans(),
    forget=st.sampled_from(["erase", "staff"]),
    satisfaction=st.booleans(),
    photo_for=st.sampled_from([(), ("hole", "light")]),
    privacy_url=st.sampled_from(["", "https://fairview.example/privacy"]),
)


class Resident(RuleBasedStateMachine):
    """One conversation and its small world."""

    @initialize(
        policy=policies,
        channel=st.sampled_from(["sms", "mail", "chat"]),
        needed=st.sampled_from([(), ("email",), ("phone",), ("first_name", "email")]),
    )
    def begin(self, policy: Policy, channel: str, needed: tuple[str, ...]) -> None:
        self.policy, self.channel = policy, channel
        self.needed = needed
        self.looking = False
        self.state, self.now = State(), BEGAN
        self.timers: dict[TimerName, datetime] = {}
        self.reports: list[Report] = []
        self.texts = 0
        self.filed_words: list[str] = []
        self.last_heard: datetime | None = None

    # ------------------------------------------------------------------------------- what can happen

    @rule(
        guessed=guesses,
        where=located,
        civic=st.sampled_from([0.05, 0.9]),
        two=st.booleans(),
        files=st.integers(0, 1),
        chance=st.data(),
    )
    def tells(
        self,
        guessed: tuple[Guess, ...],
        where: Located,
        civic: float,
        two: bool,
        files: int,
        chance: st.DataObject,
    ) -> None:
        self.texts += 1
        text = f"there is something wrong here, word{self.texts}w"
        parts = ()
        if two:
            halves = (text, f"and there is word{self.texts}also")
            sure = st.sampled_from((0.7, 0.9))
            parts = tuple(
                Understanding(half, "en", (Guess(code, p),))
                for half, code, p in zip(halves, CODES, (chance.draw(sure), 0.9), strict=False)
            )
        self._message(text, guessed, where, civic, files=files, parts=parts)

    @rule(text=st.sampled_from(COMMANDS), guessed=guesses, where=located)
    def answers(self, text: str, guessed: tuple[Guess, ...], where: Located) -> None:
        self._message(text, guessed, where, 0.3)

    @rule(place=st.sampled_from(PLACES), files=st.integers(0, 2))
    def shows(self, place: Place, files: int) -> None:
        pin = Pin(place.lat or 0, place.long or 0)
        self._message("", (), Located(candidates=(place,), ask=False), 0.0, pin=pin, files=files)

    @rule(kind=st.sampled_from(["danger", "self_harm", "threat"]), language=st.sampled_from(["en", "es"]))
    def cries_for_help(self, kind: str, language: str) -> None:
        alarm = Alarm(kind, "fire", language)  # type: ignore[arg-type]
        event = self._inbound("my house is on fire", (), Located(), 0.9)
        self._happens(EmergencyHeard(event.message, alarm))
        self._happens(replace(event, understanding=replace(event.understanding, alarm=alarm)))

    @rule(automatic=st.just(True))
    def machine_answers(self, automatic: bool) -> None:
        event = self._inbound("I am out of office", (), Located(), 0.1)
        before = len(self.reports)
        effects = self._happens(replace(event, message=replace(event.message, automatic=automatic)))
        assert not [e for e in effects if isinstance(e, Say)]
        assert len(self.reports) == before

    @rule(seconds=st.sampled_from([1, 21, 90, 3600, 86_400, 200_000, 16_000_000]))
    def waits(self, seconds: int) -> None:
        until = self.now + timedelta(seconds=seconds)
        while self.timers and min(self.timers.values()) <= until:
            name = min(self.timers, key=lambda n: self.timers[n])
            self.now = max(self.now, self.timers.pop(name))
            self._happens(TimerFired(name))
        self.now = until

    @precondition(lambda self: self.reports)
    @rule(
        data=st.data(),
        what=st.sampled_from(["accepted", "token", "refused", "held", "closed", "open", "not ours"]),
    )
    def city_acts(self, data: st.DataObject, what: str) -> None:
        report = data.draw(st.sampled_from(self.reports))
        seen = ServiceRequest(
            "1",
            "closed" if what in ("closed", "not ours") else "open",
            status_notes="Duplicate." if what == "not ours" else "Done.",
        )
        event: Event = {
            "accepted": CityAccepted(report, Receipt("1")),
            "token": CityAccepted(report, Receipt(token="t")),
            "refused": CityRefused(report, "no"),
            "held": CityUnreachable(report),
        }.get(what) or StatusChanged(report, seen)
        self._happens(event)

    @precondition(lambda self: self.looking)
    @rule(place=st.sampled_from(PLACES), some=st.booleans(), code=st.sampled_from(CODES))
    def city_lists(self, place: Place, some: bool, code: str) -> None:
        """The city's answer to the question for twins, now or much later."""
        self.looking = False
        elsewhere = Report(
            "", "", "fairview", "", code, code, "", place, state="accepted", service_request_id="77"
        )
        self._happens(TwinsFound((elsewhere,) if some else ()))

    @rule()
    def staff_writes(self) -> None:
        self._happens(StaffReplied("We looked at it."))

    @rule()
    def is_silent_for_days(self) -> None:
        """Whatever was under way is over then, both of two problems too."""
        self.waits(seconds=1_000_000)
        assert self.state.draft is None

    # ---------------------------------------------------------------------------------- the small world

    def _inbound(
        self,
        text: str,
        guessed: tuple[Guess, ...],
        where: Located,
        civic: float,
        *,
        pin: Pin | None = None,
        files: int = 0,
    ) -> MessageArrived:
        attachments = tuple(Attachment("image/jpeg", f"m{n}") for n in range(files))
        message = Inbound(
            "a",
            self.channel,
            InboundKind.MESSAGE,
            "k",
            "+1",
            "+1",
            self.now,
            text=text,
            pin=pin,
            attachments=attachments,
        )
        return MessageArrived(message, Understanding(text, "en", guessed, civic, where))

    def _message(
        self,
        text: str,
        guessed: tuple[Guess, ...],
        where: Located,
        civic: float,
        *,
        pin: Pin | None = None,
        files: int = 0,
        parts: tuple[Understanding, ...] = (),
    ) -> None:
        self._happens(replace(self._inbound(text, guessed, where, civic, pin=pin, files=files), parts=parts))
        self.last_heard = self.now

    def _happens(self, event: Event) -> tuple[object, ...]:
        facts = Facts(
            SERVICES,
            "Fairview",
            reports=tuple(reversed(self.reports)),
            definitions=DEFINITIONS,
            contact_needed=self.needed,
            contact={"phone": "+1"},
            channel=self.channel,
            nearby=tuple(self.reports),
            last_heard=self.last_heard,
        )
        before = self.state
        decision = decide(before, event, facts, self.policy, self.now)
        self.state = decision.state
        self._write(decision.effects)
        self._holds(before, decision.effects)
        return decision.effects

    def _write(self, effects: tuple[object, ...]) -> None:
        for effect in effects:
            match effect:
                case SetTimer():
                    assert effect.at > self.now
                    self.timers[effect.name] = effect.at
                case DropTimer():
                    self.timers.pop(effect.name, None)
                case LookForTwins():
                    self.looking = True
                case FileReport():
                    assert not effect.contact.get("phone") or self.state.consented, "sent before it was told"
                    self._file(effect)

    def _file(self, filed: FileReport) -> None:
        number = str(len(self.reports) + 1)
        self.reports.append(
            Report(
                id=number,
                reference=f"R{number}",
                city_id="fairview",
                conversation_id="c",
                service_code=filed.service_code,
                service_name=filed.service_code,
                description=filed.description,
                place=filed.place,
                cites=filed.cites,
                state="accepted",
                service_request_id=number,
                created_at=self.now,
            )
        )
        words = [word for word in filed.description.split() if word.startswith("word")]
        if "Still not fixed" not in filed.description:
            assert not set(words) & set(self.filed_words), "the same words made two reports"
            self.filed_words += words
        assert all(a.code in filed.attributes for a in DEFINITIONS.get(filed.service_code, ()) if not filed.cites)

    # ---------------------------------------------------------------------------------- what must hold

    def _holds(self, before: State, effects: tuple[object, ...]) -> None:
        said = [effect for effect in effects if isinstance(effect, Say)]
        asking = [part for say in said for part in (say, *say.also) if part.message_id.startswith("ask.")]
        assert len(asking) <= 1 or self.channel == "mail", "two questions at once"
        assert sum(say.question for say in said) <= 1
        if before.opted_out and self.state.opted_out:
            assert {say.message_id for say in said} <= {"emergency", "emergency.self_harm"}, "stop stops"
        drafts = [d for d in (self.state.draft, *self.state.later) if d]
        for draft in drafts:
            assert all(draft.asked.count(key) <= 2 for key in draft.asked), "asked three times"
            assert draft.turns <= self.policy.most_questions + 1
        if before.draft and self.state.draft is None:
            ended = any(isinstance(e, FileReport | ToStaff | Follow | PostUpdate | Forget) for e in effects)
            told = {say.message_id for say in said} & {"undone", "dropped"}
            recycled = self.last_heard and self.now - self.last_heard > timedelta(days=180)
            assert ended or told or recycled or before.opted_out, "a report was lost"
        if self.state.draft:
            assert {"hold", "silence"} & set(self.timers), "a draft that nothing will wake"


Resident.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
TestResident = Resident.TestCase
