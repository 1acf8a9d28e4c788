"""The pure state machine: what it asks, what it files, when it is silent."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge.flow.conversation import decide
from bridge.vocabulary import (
    CityAccepted,
    CityRefused,
    CityUnreachable,
    Decision,
    Event,
    Facts,
    FileReport,
    Guess,
    Inbound,
    InboundKind,
    Located,
    Mention,
    MessageArrived,
    Pin,
    Place,
    Policy,
    Receipt,
    Report,
    Say,
    Service,
    ServiceRequest,
    State,
    StatusChanged,
    ToStaff,
    Understanding,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SERVICES = {code: Service(code, name) for code, name in (("hole", "Pothole"), ("light", "Street light out"))}
FACTS = Facts(SERVICES, "City of Fairview")
OAK = Place("412 Oak St", 40.0, -99.0, 10.0, "house number")
ELM = Place("412 Elm St", 40.1, -99.1, 10.0, "house number")
SURE = (Guess("hole", 0.9), Guess("light", 0.05))
UNSURE = (Guess("light", 0.3), Guess("hole", 0.28))
REPORT = Report("1", "K7QM2F9P", "fairview", "c", "hole", "Pothole", "a hole", OAK, state="accepted")


def arrived(
    text: str,
    *,
    guesses: tuple[Guess, ...] = SURE,
    places: tuple[Place, ...] = (),
    mentions: tuple[Mention, ...] = (),
    ask: bool | None = None,
    civic: float = 0.95,
    pin: Pin | None = None,
    kind: InboundKind = InboundKind.MESSAGE,
    automatic: bool = False,
) -> MessageArrived:
    message = Inbound(
        "texts", "sms", kind, "k", "+15550100", "+15550100", NOW, text=text, pin=pin, automatic=automatic
    )
    located = Located(mentions, places, ask=len(places) != 1 if ask is None else ask)
    return MessageArrived(message, Understanding(text, "en", guesses, civic, located))


def after(state: State, event: Event, facts: Facts = FACTS, policy: Policy = Policy()) -> Decision:
    return decide(state, event, facts, policy, NOW)


def said(decision: Decision) -> list[str]:
    return [effect.message_id for effect in decision.effects if isinstance(effect, Say)]


def filed(decision: Decision) -> list[FileReport]:
    return [effect for effect in decision.effects if isinstance(effect, FileReport)]


def test_a_message_with_service_and_place_is_filed_without_a_word():
    decision = after(State(), arrived("pothole at 412 Oak St", places=(OAK,)))
    assert decision.effects == (FileReport("hole", "pothole at 412 Oak St", OAK, certainty=0.9),)
    assert decision.state.draft is None


def test_a_missing_place_is_asked_for():
    decision = after(State(), arrived("pothole"))
    assert said(decision) == ["ask.place"]
    assert decision.state.question == "place"


def test_the_place_completes_the_report_with_the_words_of_both_messages():
    asked = after(State(), arrived("pothole")).state
    decision = after(asked, arrived("412 Oak St", guesses=UNSURE, civic=0.1, places=(OAK,)))
    assert filed(decision) == [FileReport("hole", "pothole\n412 Oak St", OAK, certainty=0.9)]


@pytest.mark.parametrize(
    "name", ["Other", "Otro", "Otros problemas", "General", "Varios", "Street lighting - other"]
)
@pytest.mark.parametrize("p", [0.99, 0.6])
def test_a_citys_other_is_never_chosen_for_being_certain(name: str, p: float):
    offered = FACTS.services | {"other": Service("other", name)}
    decision = after(
        State(),
        arrived("a thing", guesses=(Guess("other", p), Guess("hole", 0.01), Guess("light", 0.0)), places=(OAK,)),
        replace(FACTS, services=offered),
    )
    (say,) = (effect for effect in decision.effects if isinstance(effect, Say))
    assert [choice.label for choice in say.choices] == ["Pothole", "Street light out", name]


def test_a_citys_other_is_taken_where_there_is_nothing_else():
    alone = replace(FACTS, services={"other": Service("other", "Other")})
    assert len(filed(after(State(), arrived("a hole", guesses=(Guess("other", 1.0),), places=(OAK,)), alone))) == 1


def test_a_pin_is_a_place():
    decision = after(State(), arrived("pothole", places=(OAK,), ask=False, pin=Pin(40.0, -99.0)))
    assert len(filed(decision)) == 1


def test_two_fitting_places_are_offered():
    decision = after(State(), arrived("pothole at 412", places=(OAK, ELM)))
    (say,) = (effect for effect in decision.effects if isinstance(effect, Say))
    assert [choice.label for choice in say.choices] == ["412 Oak St", "412 Elm St"]


def test_the_number_of_an_offered_place_is_that_place():
    asked = after(State(), arrived("pothole at 412", places=(OAK, ELM))).state
    assert filed(after(asked, arrived("2")))[0].place == ELM


def test_an_unsure_service_is_offered_and_chosen_by_number():
    asked = after(State(), arrived("it is broken", guesses=UNSURE, places=(OAK,)))
    assert said(asked) == ["ask.service"]
    assert filed(after(asked.state, arrived("2")))[0].service_code == "hole"


@pytest.mark.parametrize("text", ["2 potholes", "there are 2", "route 22"])
def test_a_number_in_a_sentence_is_no_choice(text: str):
    asked = after(State(), arrived("it is broken", guesses=UNSURE, places=(OAK,))).state
    decision = after(asked, arrived(text, guesses=SURE))
    assert filed(decision)[0].description == f"it is broken\n{text}"


def test_a_number_that_was_not_offered_is_asked_about_again_and_is_no_part_of_the_report():
    asked = after(State(), arrived("it is broken", guesses=UNSURE, places=(OAK,))).state
    decision = after(asked, arrived("22"))
    assert decision.state.draft
    assert (said(decision), decision.state.draft.words) == (["ask.words"], ("it is broken",))


def test_words_that_name_a_place_we_do_not_know_go_as_words_after_one_question():
    asked = after(State(), arrived("pothole")).state
    mention = Mention(0, 13, "street", "Nowhere Alley")
    decision = after(asked, arrived("Nowhere Alley", mentions=(mention,)))
    assert filed(decision)[0].place == Place("Nowhere Alley", why="resident's words")


def test_in_front_of_my_house_is_asked_again():
    asked = after(State(), arrived("pothole")).state
    mention = Mention(0, 8, "relative", "my house")
    assert said(after(asked, arrived("my house", mentions=(mention,)))) == ["ask.place_still"]


def test_nothing_is_asked_three_times_then_a_person_takes_over():
    state = State()
    for _ in range(2):
        state = after(state, arrived("pothole")).state
    decision = after(state, arrived("dunno"))
    assert said(decision) == ["to_staff"]
    assert any(isinstance(effect, ToStaff) for effect in decision.effects)
    assert decision.state.draft is None


def test_chat_is_answered_kindly_and_not_filed():
    decision = after(State(), arrived("how are you", civic=0.02))
    assert said(decision) == ["not_understood"]
    assert decision.state.draft is None


def test_an_automatic_reply_is_never_answered():
    assert after(State(), arrived("I am on holiday", automatic=True)).effects == ()


@pytest.mark.parametrize("text", ["STOP", "stop.", "Unsubscribe", "alto"])
def test_stop_words_opt_out(text: str):
    decision = after(State(), arrived(text))
    assert decision.state.opted_out
    assert said(decision) == ["stopped"]


def test_a_stop_sign_is_a_report():
    decision = after(State(), arrived("stop sign down", places=(OAK,)))
    assert not decision.state.opted_out
    assert len(filed(decision)) == 1


def test_who_opted_out_is_not_written_to_but_their_report_is_filed():
    stopped = State(opted_out=True)
    assert len(filed(after(stopped, arrived("pothole at 412 Oak St", places=(OAK,))))) == 1
    assert said(after(stopped, arrived("pothole"))) == []
    assert said(after(stopped, StatusChanged(REPORT, ServiceRequest("9", "closed")))) == []


def test_start_opts_in_again():
    decision = after(State(opted_out=True), arrived("START"))
    assert not decision.state.opted_out
    assert said(decision) == ["welcome"]


def test_thanks_get_silence():
    assert after(State(), arrived("Thank you!", civic=0.1)).effects == ()


def test_an_empty_message_is_asked_about_once():
    assert said(after(State(), arrived(""))) == ["empty"]


def test_an_edit_after_filing_files_nothing():
    edit = arrived("pothole at 412 Oak St", places=(OAK,), kind=InboundKind.EDIT)
    assert after(State(), edit).effects == ()


def test_status_without_reports():
    assert said(after(State(), arrived("status"))) == ["status.none"]


def test_status_of_the_newest_report():
    facts = replace(FACTS, reports=(replace(REPORT, state="accepted", status="open", service_request_id="77"),))
    (say,) = after(State(), arrived("Status"), facts).effects
    assert isinstance(say, Say)
    assert (say.message_id, say.params["id"]) == ("status.open", "77")


@pytest.mark.parametrize(
    ("event", "message_id"),
    [
        (CityAccepted(REPORT, Receipt("77")), "report.accepted"),
        (CityAccepted(REPORT, Receipt(token="t")), "report.accepted_token"),
        (CityAccepted(REPORT, Receipt()), "report.accepted_blackbox"),
        (CityUnreachable(REPORT), "report.held"),
        (CityRefused(REPORT, "no such street"), "report.refused"),
        (StatusChanged(REPORT, ServiceRequest("77", "closed")), "status.closed"),
        (StatusChanged(REPORT, ServiceRequest("77", "closed", status_notes="done")), "status.closed_note"),
        (StatusChanged(REPORT, ServiceRequest("77", "open", status_notes="soon")), "status.open_note"),
    ],
)
def test_what_the_city_does_is_told(event: Event, message_id: str):
    assert said(after(State(), event)) == [message_id]


def test_what_the_city_does_leaves_a_draft_alone():
    asked = after(State(), arrived("pothole")).state
    assert after(asked, StatusChanged(REPORT, ServiceRequest("77", "closed"))).state.draft == asked.draft


def test_a_refusal_goes_to_staff_with_the_citys_words():
    decision = after(State(), CityRefused(REPORT, "no such street"))
    assert ToStaff("refused", "no such street", REPORT.id) in decision.effects
