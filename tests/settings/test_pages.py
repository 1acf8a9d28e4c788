"""The pages say every setting, and the README's configuration is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

import channels
from config.settings import (
    AccountSettings,
    CitySettings,
    ConsoleSettings,
    DatabaseSettings,
    GeocoderSettings,
    RetentionSettings,
    ServerSettings,
    Settings,
    parse,
)

MODELS = (
    Settings,
    ServerSettings,
    DatabaseSettings,
    RetentionSettings,
    GeocoderSettings,
    ConsoleSettings,
    CitySettings,
    AccountSettings,
)
ROOT = Path(__file__).parents[2]
NESTED = {
    "server",
    "database",
    "retention",
    "console",
    "city",
    "account",
    "settings",
}  # they have tables of their own


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert [name for name in model.model_fields if f"`{name}`" not in page and name not in NESTED] == []


def test_no_setting_is_documented_that_is_not_there() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    named = {
        name for row in re.findall(r"^\| (.+?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert named - {name for model in MODELS for name in model.model_fields} == set()


def test_the_configuration_in_the_readme_is_one(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    token = tmp_path / "bot_token"
    token.write_text("123:ABC")
    written = written.replace("/run/secrets/bot_token", str(token))
    environ = dict.fromkeys(re.findall(r'env = "(\w+)"', written), "secret")
    settings = parse(written, tmp_path, {name: kind.settings for name, kind in channels.REGISTRY.items()}, environ)
    assert [account.channel for account in settings.account] == ["sms", "mail", "chat"]
