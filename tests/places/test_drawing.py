"""A map without tiles is drawn of what the gazetteer knows: its lines, else lines through its house numbers."""

from __future__ import annotations

from pathlib import Path

from bridge.demo.providers import FOLDER
from classifiers import gazetteer
from classifiers.places.drawing import MOST_LINES, MOST_POINTS, drawing

WHOLE, NOWHERE = (40.0, -100.0, 41.0, -99.0), (10.0, 10.0, 11.0, 11.0)
NUMBERS = "number,street,lat,lon\n" + "".join(
    f"{100 + 10 * n},Oak St,{40.34 + n / 1e4:.5f},-99.5\n" for n in range(40)
)


def test_streets_are_drawn_by_their_lines_and_only_where_they_are(tmp_path: Path):
    file = gazetteer.build([FOLDER / "fairview.geojson"], tmp_path / "city.db")
    seen = drawing(file, WHOLE)
    assert "Oak St" in {name for name, _ in seen.lines}
    assert len(seen.lines) <= MOST_LINES
    assert all(len(line) <= MOST_POINTS for _, line in seen.lines)
    assert drawing(file, NOWHERE).lines == ()


def test_a_street_of_house_numbers_alone_is_a_line_through_them(tmp_path: Path):
    source = tmp_path / "addresses.csv"
    source.write_text(NUMBERS)
    ((name, line),) = drawing(gazetteer.build([source], tmp_path / "city.db"), WHOLE).lines
    assert name == "Oak St"
    assert (line[0], line[-1]) == ((40.34, -99.5), (40.3439, -99.5))
