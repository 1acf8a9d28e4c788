"""Plots as SVG, drawn here: a manager's browser needs no script for them, and a screen reader gets the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 10, 26
MOST_SERIES = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a stacked bar."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """What a template draws. `lines` are point lists of polylines; `rows` the same as a table."""

    title: str
    series: tuple[str, ...]
    bars: tuple[Bar, ...] = ()
    lines: tuple[str, ...] = ()
    across: tuple[Tick, ...] = ()
    up: tuple[Tick, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def empty(self) -> bool:
        return not self.bars and not self.lines


def stacked(title: str, labels: Sequence[str], values: Mapping[str, Sequence[float]]) -> Plot:
    """Bars of a label each, stacked by series; the smallest series become one."""
    series = _largest(values)
    top = max((sum(column) for column in zip(*series.values(), strict=True)), default=0) or 1
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    bars = []
    for index, label in enumerate(labels):
        floor = 0.0
        for number, (name, column) in enumerate(series.items()):
            if column[index]:
                high = column[index] / top * (HEIGHT - TOP - BOTTOM)
                y = HEIGHT - BOTTOM - floor - high
                bars.append(
                    Bar(
                        round(LEFT + index * step + step * 0.1, 1),
                        round(y, 1),
                        round(step * 0.8, 1),
                        round(high, 1),
                        number,
                        f"{label}: {name} {column[index]:,.0f}",
                    )
                )
                floor += high
    rows = tuple((label, *(f"{column[i]:,.0f}" for column in series.values())) for i, label in enumerate(labels))
    return Plot(
        title, tuple(series), tuple(bars), across=_across(labels), up=_up(top, lambda v: f"{v:,.0f}"), rows=rows
    )


def lines(
    title: str, labels: Sequence[str], values: Mapping[str, Sequence[float]], unit: str = "", *, top: float = 0
) -> Plot:
    """A line for each series; `unit` is %, min, h, d, s or nothing, and already applied to the values."""
    highest = top or max((value for column in values.values() for value in column), default=0) or 1
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))

    def points(column: Sequence[float]) -> str:
        room = HEIGHT - TOP - BOTTOM
        at = [
            f"{LEFT + (i + 0.5) * step:.1f},{HEIGHT - BOTTOM - value / highest * room:.1f}"
            for i, value in enumerate(column)
        ]
        return " ".join(at)

    def shown(value: float) -> str:
        return f"{value:.0f}{unit}" if value >= 10 or unit == "%" else f"{value:.1f}{unit}"

    rows = tuple((label, *(shown(column[i]) for column in values.values())) for i, label in enumerate(labels))
    drawn = tuple(points(column) for column in values.values()) if labels else ()
    return Plot(title, tuple(values), lines=drawn, across=_across(labels), up=_up(highest, shown), rows=rows)


def _largest(values: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    ranked = sorted(values.items(), key=lambda pair: -sum(pair[1]))
    kept = {
        name: list(column) for name, column in ranked[: MOST_SERIES - 1 if len(ranked) > MOST_SERIES else None]
    }
    rest = ranked[len(kept) :]
    if rest:
        kept["Others"] = [sum(column) for column in zip(*(column for _, column in rest), strict=True)]
    return kept


def _across(labels: Sequence[str]) -> tuple[Tick, ...]:
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    every = max(1, -(-len(labels) // 6))
    return tuple(
        Tick(round(LEFT + (i + 0.5) * step, 1), label[5:]) for i, label in enumerate(labels) if i % every == 0
    )


def _up(top: float, shown: object) -> tuple[Tick, ...]:
    assert callable(shown)
    room = HEIGHT - TOP - BOTTOM
    return tuple(Tick(round(HEIGHT - BOTTOM - share * room, 1), shown(top * share)) for share in (0, 0.5, 1))
