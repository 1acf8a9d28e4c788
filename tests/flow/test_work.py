"""How rows are taken in hand: as many at a time as there are hands, whoever looks."""

import asyncio

from bridge.flow.work import drain


class Rows:
    """Numbers to claim, and those in hand, each until it may end."""

    def __init__(self, count: int) -> None:
        self.left = list(range(count))
        self.claims = 0
        self.in_hand: dict[int, asyncio.Event] = {}
        self.done: list[int] = []

    async def claim(self) -> int | None:
        self.claims += 1
        return self.left.pop(0) if self.left else None

    async def do(self, row: int) -> None:
        self.in_hand[row] = asyncio.Event()
        await self.in_hand[row].wait()
        del self.in_hand[row]
        self.done.append(row)

    async def end(self, row: int) -> None:
        self.in_hand[row].set()
        for _ in range(10):
            await asyncio.sleep(0)


async def drained(rows: Rows, hands: asyncio.Semaphore) -> asyncio.Task[None]:
    task = asyncio.create_task(drain(rows.claim, rows.do, hands))
    for _ in range(10):
        await asyncio.sleep(0)
    return task


async def test_no_more_are_in_hand_than_there_are_hands_though_looks_overlap() -> None:
    rows, hands = Rows(5), asyncio.Semaphore(2)
    looks = [await drained(rows, hands) for _ in range(3)]
    assert sorted(rows.in_hand) == [0, 1]
    await rows.end(0)
    assert sorted(rows.in_hand) == [1, 2]
    while rows.in_hand:
        await rows.end(min(rows.in_hand))
    await asyncio.gather(*looks)
    assert rows.done == [0, 1, 2, 3, 4]


async def test_a_slow_row_keeps_no_later_one_waiting() -> None:
    rows, hands = Rows(1), asyncio.Semaphore(2)
    slow = await drained(rows, hands)
    rows.left.append(1)
    quick = await drained(rows, hands)
    await rows.end(1)
    assert rows.done == [1]
    await quick
    assert not slow.done()
    await rows.end(0)
    await slow


async def test_one_row_costs_few_claims() -> None:
    rows = Rows(1)
    look = await drained(rows, asyncio.Semaphore(8))
    await rows.end(0)
    await look
    assert rows.claims <= 3
