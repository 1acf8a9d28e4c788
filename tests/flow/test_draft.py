"""What the city insists on is asked: attributes of every datatype, a name, a mail address; never what is known."""

from dataclasses import replace
from datetime import UTC, datetime

from bridge.flow.conversation import decide
from bridge.vocabulary import (
    Attribute,
    Choice,
    Decision,
    Draft,
    Facts,
    FileReport,
    Guess,
    Inbound,
    InboundKind,
    Located,
    MessageArrived,
    Place,
    Policy,
    Say,
    Service,
    State,
    ToStaff,
    Understanding,
    Value,
)

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
OAK = Place("412 Oak St", 40.0, -99.0, 10.0)
COLOURS = tuple(Value(f"c{n}", name) for n, name in enumerate(["Red", "Dark blue", "Light blue", "Green"], 1))
MANY = tuple(Value(f"v{n}", f"Value number {n}") for n in range(1, 13))


def facts(*attributes: Attribute, needed: tuple[str, ...] = (), **contact: str) -> Facts:
    return Facts(
        services={"car": Service("car", "Abandoned vehicle", metadata=True)},
        city_name="Fairview",
        time_zone="America/Chicago",
        definitions={"car": attributes},
        contact_needed=needed,
        contact=contact,
    )


def attribute(
    datatype: str, *, required: bool = True, values: tuple[Value, ...] = (), order: int = 1
) -> Attribute:
    return Attribute(f"q{order}", datatype, f"Question {order}?", required, values=values, order=order)  # type: ignore[arg-type]


def say_(state: State, text: str, known: Facts) -> Decision:
    message = Inbound("texts", "sms", InboundKind.MESSAGE, "k", "+1", "+1", NOW, text=text)
    located = Located(candidates=(OAK,), ask=False) if "Oak" in text else Located()
    understood = Understanding(text, "en", (Guess("car", 0.9),), 0.9, located)
    return decide(state, MessageArrived(message, understood), known, Policy(), NOW)


def began(known: Facts) -> Decision:
    return say_(State(), "car left at 412 Oak St", known)


def asked(decision: Decision) -> Say:
    (say,) = (effect for effect in decision.effects if isinstance(effect, Say))
    return say


def filed(decision: Decision) -> FileReport:
    (report,) = (effect for effect in decision.effects if isinstance(effect, FileReport))
    return report


def answer(datatype: str, text: str, values: tuple[Value, ...] = ()) -> tuple[str, ...]:
    known = facts(attribute(datatype, values=values))
    return filed(say_(began(known).state, text, known)).attributes["q1"]


def test_a_required_attribute_is_asked_in_the_citys_words():
    assert asked(began(facts(attribute("string")))).params == {"question": "Question 1?"}


def test_an_optional_attribute_is_not_asked():
    assert filed(began(facts(attribute("string", required=False)))).attributes == {}


def test_an_attribute_that_is_only_a_text_is_not_asked():
    assert filed(began(facts(replace(attribute("string"), variable=False)))).attributes == {}


def test_a_string_is_one_line():
    assert answer("string", "a blue\nFord") == ("a blue Ford",)


def test_a_text_keeps_its_lines():
    assert answer("text", "a blue\nFord") == ("a blue\nFord",)


def test_a_number_is_found_in_its_sentence():
    assert answer("number", "about 2,5 metres") == ("2.5",)


def test_a_day_is_understood_in_the_citys_zone():
    assert answer("datetime", "yesterday at 3:30 pm") == ("2026-11-22T15:30:00-06:00",)


def test_a_date_without_a_year_is_the_last_one():
    assert answer("datetime", "12/24") == ("2025-12-24T00:00:00-06:00",)


def test_a_list_is_answered_by_number():
    assert answer("singlevaluelist", "2", COLOURS) == ("c2",)


def test_a_list_is_answered_by_name():
    assert answer("singlevaluelist", "green", COLOURS) == ("c4",)


def test_several_values_of_a_list():
    assert answer("multivaluelist", "1, 3 and green", COLOURS) == ("c1", "c3", "c4")


def test_half_a_name_that_fits_two_values_is_asked_again():
    known = facts(attribute("singlevaluelist", values=COLOURS))
    again = say_(began(known).state, "blue", known)
    assert [choice.label for choice in asked(again).choices] == ["Red", "Dark blue", "Light blue", "Green"]


def test_a_long_list_comes_in_pages():
    known = facts(attribute("singlevaluelist", values=MANY))
    first = began(known)
    assert [choice.value for choice in asked(first).choices] == ["1", "2", "3", "4", "5", "0"]
    second = say_(first.state, "0", known)
    assert [choice.value for choice in asked(second).choices] == ["6", "7", "8", "9", "10", "0"]
    assert filed(say_(second.state, "7", known)).attributes == {"q1": ("v7",)}


def test_two_attributes_are_asked_in_the_citys_order():
    known = facts(attribute("string", order=2), attribute("number", order=1))
    first = began(known)
    second = say_(first.state, "4", known)
    assert (asked(first).params["question"], asked(second).params["question"]) == ("Question 1?", "Question 2?")


def test_what_is_no_answer_is_asked_again_and_then_goes_to_staff():
    known = facts(attribute("number"))
    state = say_(began(known).state, "no idea", known).state
    decision = say_(state, "no idea", known)
    assert any(isinstance(effect, ToStaff) for effect in decision.effects)


def test_a_needed_mail_address_is_asked_once_and_sent():
    known = facts(needed=("email",))
    first = began(known)
    assert asked(first).message_id == "ask.email"
    assert filed(say_(first.state, "it is ada@example.com", known)).contact == {"email": "ada@example.com"}


def test_a_mail_address_that_the_channel_tells_is_not_asked_but_its_owner_is_told():
    known = facts(needed=("email",), email="ada@example.com")
    first = began(known)
    assert asked(first).message_id == "ask.consent"
    assert filed(say_(first.state, "yes", known)).contact == {"email": "ada@example.com"}


def test_whoever_agreed_once_is_not_asked_again():
    known = facts(needed=("email",), email="ada@example.com")
    agreed = say_(began(known).state, "yes", known).state
    assert filed(say_(agreed, "car left at 412 Oak St", known)).contact == {"email": "ada@example.com"}


def test_a_needed_name_is_asked():
    known = facts(needed=("first_name", "last_name"))
    first = began(known)
    assert asked(first).message_id == "ask.name"
    report = filed(say_(first.state, "My name is Ada Field", known))
    assert report.contact == {"first_name": "Ada", "last_name": "Field"}


def test_contact_that_the_city_does_not_need_is_not_sent():
    assert filed(began(facts(phone="+15550100"))).contact == {}


def test_a_place_outside_the_city_is_said():
    message = Inbound("texts", "sms", InboundKind.MESSAGE, "k", "+1", "+1", NOW, text="car on Far St")
    understood = Understanding("car on Far St", "en", (Guess("car", 0.9),), 0.9, Located(outside=True))
    decision = decide(State(), MessageArrived(message, understood), facts(), Policy(), NOW)
    assert asked(decision).message_id == "ask.outside"


def test_another_citys_services_replace_the_guesses():
    other = Facts({"hole": Service("hole", "Pothole")}, "Riverton")
    begun = say_(State(), "car on the street", facts()).state
    message = Inbound("texts", "sms", InboundKind.MESSAGE, "k", "+1", "+1", NOW, text="9 River Rd")
    place = Place("9 River Rd", 41.0, -98.0, 10.0)
    guesses = (Guess("hole", 0.9),)
    understood = Understanding(
        "9 River Rd", "en", guesses, 0.1, Located(candidates=(place,), ask=False), "riverton", afresh=True
    )
    decision = decide(begun, MessageArrived(message, understood), other, Policy(), NOW)
    assert filed(decision).service_code == "hole"


def test_a_service_that_a_resident_picks_tells_what_it_was_taken_for():
    known = replace(facts(), services=facts().services | {"rat": Service("rat", "Rats")})
    guesses = (Guess("car", 0.3), Guess("rat", 0.2))
    draft = Draft(words=("something at 412 Oak St",), guesses=guesses, place=OAK)
    offered = (Choice("1", "Abandoned vehicle"), Choice("2", "Rats"))
    state = State(language="en", draft=draft, question="service", offered=offered)
    report = filed(say_(state, "2", known))
    assert (report.service_code, report.mistaken) == ("rat", "car")
