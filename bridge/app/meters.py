"""What Prometheus is told: events counted from the log, times they carry, and how the work stands.

Log events stand between the steps of every message, so no step needs a hook for its counter: an event of ours
that is logged is counted, and the `seconds` that it carries are observed.

    open311_bridge_events_total{event, level}    how often each thing happened
    open311_bridge_seconds{event}                how long it took, where an event says so
    open311_bridge_open{queue}                   rows that wait
    open311_bridge_oldest_seconds{queue}         for how long the oldest due one has
    open311_bridge_dead{queue}                   rows given up
    open311_bridge_staff_tasks                   tasks nobody has closed
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge.vocabulary import Backlog

OURS = ("bridge", "channels", "classifiers")
MOST_EVENTS = 300  # a name that varies would make a series of each of its values
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)


class Meters(logging.Handler):
    """Counts what is logged from `watch` to `close`."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._registry = CollectorRegistry()
        self._events = Counter(
            "open311_bridge_events", "How often each thing happened.", ["event", "level"], registry=self._registry
        )
        self._seconds = Histogram(
            "open311_bridge_seconds", "How long it took.", ["event"], buckets=BUCKETS, registry=self._registry
        )
        self._known: set[str] = set()

    def watch(self) -> None:
        """Counts from now on."""
        for name in OURS:
            logging.getLogger(name).addHandler(self)

    def close(self) -> None:
        """Counts no more."""
        for name in OURS:
            logging.getLogger(name).removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        event = str(record.msg)
        if event not in self._known and len(self._known) >= MOST_EVENTS:
            event = "other"
        self._known.add(event)
        self._events.labels(event, record.levelname.lower()).inc()
        if (seconds := getattr(record, "seconds", None)) is not None:
            self._seconds.labels(event).observe(seconds)

    def exposition(self, backlog: Backlog) -> bytes:
        """The metrics in Prometheus' text format."""
        standing = CollectorRegistry()
        standing.register(_Standing(backlog))
        return generate_latest(self._registry) + generate_latest(standing)


class _Standing(Collector):
    """How the work stands, as gauges."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog

    def collect(self) -> Iterator[Metric]:
        for name, text in (("open", "Rows that wait."), ("oldest_seconds", "Age."), ("dead", "Rows given up.")):
            gauge = GaugeMetricFamily(f"open311_bridge_{name}", text, labels=["queue"])
            for queue, figures in self._backlog.queues.items():
                gauge.add_metric([queue], getattr(figures, name))
            yield gauge
        yield GaugeMetricFamily(
            "open311_bridge_staff_tasks", "Tasks nobody has closed.", value=self._backlog.staff_tasks
        )
