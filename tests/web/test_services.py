"""What is odd about a city's services stands on a page for its staff, for as long as it is so."""

from __future__ import annotations

from bridge.vocabulary import Oddity
from tests.web.world import CITY, OTHER_CITY, World

NAMELESS = Oddity("bad", "services: without a name: 7")
TWICE = Oddity("odd", "services: one name for several services: <b>pothole</b>")


async def test_staff_see_what_is_odd_in_their_cities_alone(world: World):
    assert await world.store.write(lambda tx: tx.note_oddities(CITY, [TWICE, NAMELESS])) == (TWICE, NAMELESS)
    await world.store.write(lambda tx: tx.note_oddities(OTHER_CITY, [Oddity("odd", "services: elsewhere")]))
    page = (await (await world.clerk(cities=(CITY,))).get("/setup")).text
    assert page.index("without a name") < page.index("&lt;b&gt;pothole&lt;/b&gt;")
    assert "elsewhere" not in page


async def test_what_is_mended_is_gone_and_what_stays_keeps_its_time(world: World):
    await world.store.write(lambda tx: tx.note_oddities(CITY, [TWICE, NAMELESS]))
    first = await world.store.read(lambda tx: tx.oddities(CITY))
    await world.passes(3600)
    assert await world.store.write(lambda tx: tx.note_oddities(CITY, [NAMELESS])) == ()
    assert await world.store.read(lambda tx: tx.oddities(CITY)) == first[:1]
    assert "without a name" in (await (await world.clerk()).get("/setup")).text
