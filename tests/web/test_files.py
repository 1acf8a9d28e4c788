"""What residents sent with their words is seen and heard by staff, and what was taken back is not."""

from __future__ import annotations

from bridge.vocabulary import Media
from tests.web.world import World

PHOTO, VOICE = Media("p" * 32, "b1", "image/jpeg"), Media("v" * 32, "b2", "audio/ogg")


async def test_a_recording_is_played_where_it_came_and_in_the_queue(world: World):
    task, clerk = await world.stuck(), await world.clerk()
    await world.store.write(lambda tx: tx.add_media(tx.conversation(task.conversation_id), (PHOTO, VOICE)))
    conversation = (await clerk.get(f"/conversations/{task.conversation_id}")).text
    assert f'<audio controls preload="none" src="/media/{VOICE.token}"' in conversation
    assert f'src="/media/{PHOTO.token}"' in conversation
    assert f'src="/media/{VOICE.token}"' in (await clerk.get(f"/queue/{task.id}")).text
    await world.store.write(lambda tx: tx.revoke(VOICE.token))
    assert VOICE.token not in (await clerk.get(f"/conversations/{task.conversation_id}")).text
