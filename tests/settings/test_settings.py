"""A wrong setting is one line that names it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import channels
from bridge.cli import app
from bridge.errors import SettingsError
from config.settings import Settings, load, parse

MODELS = {name: kind.settings for name, kind in channels.REGISTRY.items()}
CITY = '[[city]]\nid = "fairview"\nname = "Fairview"\nendpoint = "https://city.example/v2"\ngazetteer = "g.db"\n'
SMS = (
    '[[account]]\nid = "texts"\nchannel = "sms"\ncity = "fairview"\naccount_sid = "AC' + "0" * 32 + '"\n'
    'number = "+15550100311"\npublic_url = "https://bridge.example"\nauth_token = { env = "TOKEN" }\n'
)


def settings(text: str, **environ: str) -> Settings:
    return parse(text, Path("folder"), MODELS, environ)


def fault(text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(text, **environ)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_city_and_a_number_are_enough():
    made = settings(CITY + SMS, TOKEN="t0ken")
    assert made.account[0].settings.auth_token.get_secret_value() == "t0ken"


def test_a_city_alone_is_enough():
    assert settings(CITY).account == ()


def test_paths_are_taken_from_the_folder_of_the_file():
    assert settings(CITY).city[0].gazetteer == Path("folder/g.db")


def test_secrets_come_from_files(tmp_path: Path):
    secret = tmp_path / "token"
    secret.write_text("from-file\n")
    made = settings(CITY + SMS.replace('{ env = "TOKEN" }', f'{{ file = "{secret}" }}'))
    assert made.account[0].settings.auth_token.get_secret_value() == "from-file"


def test_secrets_do_not_show():
    assert "t0ken" not in repr(settings(CITY + SMS, TOKEN="t0ken"))


def test_the_environment_overrides(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPEN311_BRIDGE_SERVER__PORT", "9000")
    assert settings(CITY + "[server]\nport = 8000\n").server.port == 9000


def test_an_unknown_key_is_named():
    assert fault(CITY + 'colour = "red"\n') == "city.fairview.colour: no such setting"


def test_a_misspelt_key_is_named_and_not_the_one_that_is_missing_for_it():
    assert fault(CITY.replace("name =", "nmae =")) == "city.fairview.nmae: no such setting"


def test_an_unknown_key_of_a_channel_is_named():
    assert fault(CITY + SMS + 'colour = "red"\n', TOKEN="t") == "account.texts.colour: no such setting"


def test_a_missing_secret_is_named():
    assert fault(CITY + SMS) == "account.texts.auth_token: the environment variable TOKEN is not set"


def test_a_missing_secret_file_is_named(tmp_path: Path):
    text = CITY + SMS.replace('{ env = "TOKEN" }', f'{{ file = "{tmp_path}/none" }}')
    assert fault(text).startswith("account.texts.auth_token: ")


def test_a_secret_written_out_is_refused_and_not_repeated():
    said = fault(CITY + SMS.replace('{ env = "TOKEN" }', '"s3cret"'))
    assert said.startswith("account.texts.auth_token: a secret is ")
    assert "s3cret" not in said


def test_an_unknown_channel_is_named():
    assert fault(CITY + SMS.replace('"sms"', '"fax"')).startswith("account.texts.channel: 'fax' is none of ")


def test_an_account_of_no_city_is_named():
    assert "no [[city]] with id 'elsewhere'" in fault(CITY + SMS.replace("fairview", "elsewhere"), TOKEN="t")


def test_a_city_has_one_back_end():
    assert "exactly one of endpoint" in fault(CITY + "embedded = true\n")


def test_no_city_is_an_error():
    assert fault("").startswith("city: ")


def test_an_unknown_time_zone_is_named():
    assert fault(CITY + 'time_zone = "Mars/Base"\n').startswith("city.fairview.time_zone: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read"):
        load(tmp_path / "none.toml", MODELS)


def test_no_toml_is_said():
    assert fault("city = [").startswith("the settings are no TOML")


def test_check_config_reads_the_answers(tmp_path: Path) -> None:
    for name in ("gazetteer.geojson", "services.json"):
        (tmp_path / name).write_text("[]")
    (tmp_path / "answers.toml").write_text('[[answer]]\nphrases = []\ntext = "Tuesdays"\n')
    file = tmp_path / "bridge.toml"
    file.write_text(
        f'data_dir = "{tmp_path}"\n[[city]]\nid = "town"\nname = "Town"\nembedded = true\n'
        'answers = "answers.toml"\ngazetteer = "gazetteer.geojson"\nservices = "services.json"\n'
    )
    done = CliRunner().invoke(app, ["check-config", "--config", str(file)])
    assert done.exit_code == 2
    assert "answers.toml" in done.stderr


@pytest.mark.parametrize("command", ["serve", "check-config"])
def test_files_that_are_not_there_are_named_by_their_settings(tmp_path: Path, command: str) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(
        f'data_dir = "{tmp_path}/data"\n[[city]]\nid = "town"\nname = "Town"\nprofile = "town.toml"\n'
        'gazetteer = "bridge.toml"\nboundary = "edge.geojson"\n'
        'emergency_rules = ["ours.toml", "theirs.toml"]\n'
    )
    done = CliRunner().invoke(app, [command, "--config", str(file)])
    assert done.exit_code == 2
    assert f"city.town.profile: {tmp_path}/town.toml is not there" in done.stderr
    assert f"city.town.boundary: {tmp_path}/edge.geojson is not there" in done.stderr
    for name in ("ours.toml", "theirs.toml"):
        assert f"city.town.emergency_rules: {tmp_path}/{name} is not there" in done.stderr
    assert "gazetteer" not in done.stderr
    assert not (tmp_path / "data").exists()
