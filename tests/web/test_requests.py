"""Everything about one report: what crossed the wire, without secrets; and what was given up, tried again."""

from __future__ import annotations

from urllib.parse import quote

from bridge import trace
from bridge.errors import Permanent
from bridge.ports import Transaction
from bridge.vocabulary import Submission
from bridge.web.console.taking import clusters
from tests.web.world import CITY, OTHER_CITY, City, World

HEAD = "POST /requests.json HTTP/1.1\nhost: city.example\ncontent-type: application/x-www-form-urlencoded\n\n"
SCRIPT = "<script>alert(1)</script>"
ANSWER = f'HTTP/1.1 400 Bad Request\ncontent-type: application/json\n\n[{{"description": "{SCRIPT}"}}]'


class Wired(City):
    """A city whose exchange is seen, as that of a real one is."""

    async def submit(self, submission: Submission) -> object:  # type: ignore[override]  # it only refuses
        crossing = trace.crossed()
        crossing.request = f"{HEAD}api_key=•••&description={quote(submission.description)}"
        crossing.answer = ANSWER
        raise Permanent("refused", words="no such street")


async def refused(world: World) -> str:
    world.handling.jurisdictions[CITY].endpoint = Wired()  # type: ignore[assignment]  # a twin
    await world.hears("<img src=x onerror=alert(1)> a lamp is dark at 412 Oak St")
    await world.passes(60)
    (report,) = await world.store.read(lambda tx: tx.console.requests(()))
    return report.id


async def test_an_attempt_is_shown_as_it_crossed_the_wire_and_runs_no_script(world: World):
    page = (await (await world.clerk()).get(f"/requests/{await refused(world)}")).text
    assert "POST /requests.json HTTP/1.1" in page
    assert "api_key=•••" in page
    assert "HTTP/1.1 400 Bad Request" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page


async def test_what_crossed_the_wire_goes_with_the_resident(world: World):
    id_ = await refused(world)
    contact = await world.store.read(lambda tx: tx.contacts("+15550101"))
    await world.store.write(lambda tx: tx.delete_resident(contact[0].id, "asked", "Ana"))
    (attempt,) = (await world.store.read(lambda tx: tx.console.request_file(id_))).attempts  # type: ignore[union-attr]
    assert (attempt.request, attempt.answer) == ("", "")


async def test_what_was_given_up_is_listed_and_tried_again(world: World):
    id_ = await refused(world)
    world.handling.jurisdictions[CITY].endpoint = world.city  # type: ignore[assignment]  # a twin
    clerk = await world.clerk()
    page = (await clerk.get("/duty/given-up")).text
    assert "Report to the city" in page
    assert "no such street" in page
    (row,) = await world.store.read(lambda tx: tx.console.given_up(()))
    await clerk.post(f"/duty/given-up/{row.id}")
    await world.passes(60)
    assert len(world.city.taken) == 1
    assert (await world.store.read(lambda tx: tx.report(id_))).state == "accepted"
    assert "Nothing was given up" in (await clerk.get("/duty/given-up")).text


async def test_work_of_every_kind_is_found_among_what_was_given_up(world: World):
    await world.hears("a lamp is dark somewhere")

    def bury(tx: Transaction) -> None:
        for queue in ("inbox", "outbox", "timer"):
            tx._session.connection().exec_driver_sql(f"UPDATE {queue} SET state = 'dead'")  # type: ignore[attr-defined]

    await world.store.write(bury)
    rows = await world.store.read(lambda tx: tx.console.given_up((CITY,)))
    assert {row.queue for row in rows} == {"inbox", "outbox", "timers"}
    assert await world.store.read(lambda tx: tx.console.given_up((OTHER_CITY,))) == ()


async def test_nobody_tries_again_what_is_of_another_city(world: World):
    await refused(world)
    (row,) = await world.store.read(lambda tx: tx.console.given_up(()))
    other = await world.clerk("admin", cities=(OTHER_CITY,))
    assert (await other.post(f"/duty/given-up/{row.id}")).status_code == 404
    assert (await (await world.clerk("viewer")).post(f"/duty/given-up/{row.id}")).status_code == 403


async def test_a_wide_map_counts_what_a_close_one_shows(world: World):
    for number in range(3):
        await world.hears("a lamp is dark at 412 Oak St", f"+155506{number:02}")
    await world.passes(60)
    cells = await world.store.read(lambda tx: tx.console.cells((CITY,)))
    assert sum(cell.count for cell in cells) == 3
    box = (40.0, -100.0, 41.0, -99.0)
    (spot,) = clusters(cells, box, 12, "open")
    assert (round(spot.lat, 4), round(spot.long, 4), spot.count) == (40.35, -99.51, 3)
    assert clusters(cells, box, 12, "closed") == []
    assert clusters(cells, (50.0, -100.0, 51.0, -99.0), 12, "") == []
    shown = (await (await world.clerk()).get("/requests/spots", box="40.0,-100.0,41.0,-99.0")).json()
    assert [one["count"] for one in shown] == [1, 1, 1]
