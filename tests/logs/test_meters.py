"""Prometheus is told what is logged, how long it took, and how the work stands."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.app.meters import MOST_EVENTS, Meters
from bridge.vocabulary import Backlog, QueueFigures

LOG = logging.getLogger("bridge.flow.test")


@pytest.fixture
def meters() -> Iterator[Meters]:
    made = Meters()
    made.watch()
    LOG.setLevel(logging.INFO)
    yield made
    made.close()


def samples(meters: Meters, backlog: Backlog = Backlog()) -> dict[tuple[str, str], float]:
    """Each sample by its name and the first of its labels."""
    families = text_string_to_metric_families(meters.exposition(backlog).decode())
    found = [sample for family in families for sample in family.samples]
    return {(sample.name, next(iter(sample.labels.values()), "")): sample.value for sample in found}


def test_events_are_counted_and_their_times_observed(meters: Meters) -> None:
    for seconds in (0.2, 0.4):
        LOG.info("reply sent", extra={"seconds": seconds})
    told = samples(meters)
    assert told["open311_bridge_events_total", "reply sent"] == 2
    assert told["open311_bridge_seconds_sum", "reply sent"] == pytest.approx(0.6)


def test_the_backlog_is_shown(meters: Meters) -> None:
    told = samples(meters, Backlog({"outbox": QueueFigures(3, 12.5, 1)}, 4))
    assert told["open311_bridge_open", "outbox"] == 3
    assert told["open311_bridge_oldest_seconds", "outbox"] == 12.5
    assert told["open311_bridge_dead", "outbox"] == 1
    assert told["open311_bridge_staff_tasks", ""] == 4


def test_names_that_vary_do_not_make_series_without_end(meters: Meters) -> None:
    for number in range(MOST_EVENTS + 50):
        LOG.info(f"event {number}")
    names = {event for name, event in samples(meters) if name == "open311_bridge_events_total"}
    assert len(names) == MOST_EVENTS + 1
    assert "other" in names
