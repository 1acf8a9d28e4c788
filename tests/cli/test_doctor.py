"""The doctor finds what a night operator would, and nothing where all is well."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bridge.ports import Transaction
from bridge.vocabulary import Artifact, Media
from tests.cli.conftest import Operator
from tests.store.made import LEASE, inbound


@contextmanager
def answering(status: int, words: str) -> Iterator[int]:
    """Something that answers /readyz; its port."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            self.send_response(status)
            self.end_headers()
            self.wfile.write(words.encode())

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Ready)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _settle(operator: Operator, line: str, other: str) -> None:
    text = operator.config.read_text()
    assert line in text
    operator.config.write_text(text.replace(line, other))


def _serving(operator: Operator, port: int) -> None:
    _settle(operator, "port = 1", f"port = {port}")


def test_a_city_that_is_well_has_nothing_wrong(operator: Operator) -> None:
    with answering(200, "ready") as port:
        _serving(operator, port)
        says = operator.says("doctor")
    assert not re.search(r"^!", says, re.MULTILINE)
    worries = re.findall(r"^\? (\S+)", says, re.MULTILINE)
    assert set(worries) <= {"user"}  # where the tests run as root
    fine = set(re.findall(r"^  (\S+)", says, re.MULTILINE))
    assert fine >= {
        "disk",
        "models",
        "retention",
        "database",
        "inbox",
        "outbox",
        "timers",
        "holds",
        "blobs",
        "serve",
    }


def _give_up(operator: Operator) -> None:
    def bury(tx: Transaction) -> None:
        tx.add_inbound(inbound("1"))
        row = tx.claim_inbound(operator.clock.now(), LEASE)
        assert row
        tx.bury(row, "hopeless")

    operator.does(bury)


def _keep_waiting(operator: Operator) -> None:
    operator.clock.pass_(days=-400)
    operator.does(lambda tx: tx.add_inbound(inbound("1")))


def _lose_a_photo(operator: Operator) -> None:
    operator.does(
        lambda tx: tx.add_media(tx.conversation_of(inbound("1"), "fairview"), [Media("t", "a" * 64, "image/jpeg")])
    )


def _lose_a_model(operator: Operator) -> None:
    operator.does(lambda tx: tx.activate("fairview", "services", Artifact("b" * 64, {})))


def _lose(name: str) -> Callable[[Operator], None]:
    def lose(operator: Operator) -> None:
        path = operator.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return lose


def _garble_the_database(operator: Operator) -> None:
    (operator.folder / "data/bridge.db").write_bytes(b"junk" * 999)


def _set(line: str, other: str) -> Callable[[Operator], None]:
    return lambda operator: _settle(operator, line, other)


ILLS: Sequence[tuple[Callable[[Operator], None], str]] = (
    (_lose("data"), "! data_dir .*is not there"),
    (_lose("data/bridge.db"), "! database .*serve once before"),
    (_garble_the_database, "! database .*is no SQLite database"),
    (_lose("data/models"), r"\? models .*trained at the next start"),
    (_set("fairview.geojson", "no.geojson"), r"! city\.fairview\.gazetteer .*no\.geojson is not there"),
    (_set("raw_days = 90", ""), r"\? retention .*ever deleted"),
    (_give_up, r"\? inbox .*1 given up: open311-bridge work list"),
    (_keep_waiting, "! inbox .*1 wait"),
    (_lose_a_photo, "! blobs .*1 of 1 files in use are not in"),
    (_lose_a_model, "! blobs .*have to share"),
    (_set("port = 1", "port = 2"), r"\? serve .*nothing answers"),
)


@pytest.mark.parametrize(("ill", "finding"), ILLS, ids=[finding for _, finding in ILLS])
def test_what_ails_a_city_is_found(operator: Operator, ill: Callable[[Operator], None], finding: str) -> None:
    ill(operator)
    ended = operator.runs("doctor")
    assert re.search(rf"^{finding}", ended.output, re.MULTILINE), ended.output
    assert ended.exit_code == int(finding.startswith("!")), ended.output


def test_a_bridge_that_is_not_ready_says_why(operator: Operator) -> None:
    with answering(503, "no service list yet of fairview") as port:
        _serving(operator, port)
        ended = operator.runs("doctor")
    assert re.search(r"^! serve .*no service list yet of fairview", ended.output, re.MULTILINE)
    assert ended.exit_code == 1


def test_a_city_that_cannot_be_reached_is_wrong(operator: Operator) -> None:
    _settle(operator, "embedded = true", 'endpoint = "http://127.0.0.1:9/v2"')
    ended = operator.runs("doctor")
    assert re.search(r"^! city.fairview .*cannot be reached", ended.output, re.MULTILINE), ended.output
