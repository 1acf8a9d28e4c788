"""An emergency that no rule has words for: heard when a resident writes, never when a machine answers."""

from datetime import UTC, datetime

import pytest

from bridge.flow.jurisdiction import Jurisdiction
from bridge.flow.understanding import understand
from bridge.vocabulary import LIKENESS, Alarm, Classified, Guess, Inbound, InboundKind, Service
from tests.flow.test_boundaries import Knows
from tests.tracking.world import ScriptedEndpoint


class Alarmed:
    """Takes every text for one that is like an emergency."""

    def classify(self, text: str, language: str) -> Classified:
        return Classified((Guess("001", 0.9),), 0.9, "danger")


@pytest.mark.parametrize(("automatic", "alarm"), [(False, Alarm("danger", LIKENESS, "en")), (True, None)])
def test_a_likeness_is_heard_of_people_alone(automatic: bool, alarm: Alarm | None) -> None:
    here = Jurisdiction("here", "Here", ScriptedEndpoint(), Knows([]), lambda _: Alarmed(), lambda *_: "en")
    here.offer([Service("001", "Pothole")])
    at = datetime(2026, 6, 1, tzinfo=UTC)
    message = Inbound(
        "mail", "mail", InboundKind.MESSAGE, "k", "a@b.c", "t", at, text="words", automatic=automatic
    )
    assert understand([here], message)[0].alarm == alarm
