"""The units of systemd are units, and what they run is a command that there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs/deploy"
PROGRAM = "/opt/open311-bridge/.venv/bin/open311-bridge"
LEAST_EXPOSED = 40  # of a hundred: what systemd calls OK

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they are, but that the program is one that every machine has."""
    for unit in DEPLOY.glob("open311-bridge*"):
        (tmp_path / unit.name).write_text(unit.read_text().replace(PROGRAM, "/bin/true"))
    return tmp_path


@needs_systemd
def test_systemd_has_no_word_against_the_units(units: Path) -> None:
    names = sorted(unit.name.replace("@.", "@1.") for unit in units.iterdir())
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], cwd=units, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, [line for line in checked.stderr.splitlines() if "open311" in line]) == (0, [])


@needs_systemd
@pytest.mark.parametrize("unit", sorted(unit.name for unit in DEPLOY.glob("*.service")))
def test_the_services_may_do_little(units: Path, unit: str) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={LEAST_EXPOSED}", unit]
    checked = subprocess.run(command, cwd=units, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout.splitlines()[-1:]


@pytest.mark.parametrize("file", sorted(path.name for path in DEPLOY.iterdir()))
def test_every_command_they_run_has_the_options_it_is_given(file: str) -> None:
    text = (DEPLOY / file).read_text()
    ran = re.findall(rf"{re.escape(PROGRAM)} (\w+)([^'\n]*)", text)
    ran += [
        (name, " ".join(re.findall(r'"([^"]+)"', more))) for name, more in re.findall(r'CMD \["(\w+)"(.*)\]', text)
    ]
    for name, options in ran:
        known = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert known.exit_code == 0, name
        assert all(option in known.output for option in re.findall(r"--[a-z-]+", options))
