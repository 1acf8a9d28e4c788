"""Nothing a sender can craft costs more than its length. (What it costs: python -m tests.bench.mail_cost.)"""

import pytest

from tests.bench.mail_cost import UNIT, cost, crafted

SMALL, LARGE = crafted(UNIT // 2), crafted(4 * UNIT)  # eight times the size
CONSTANT = 20.0  # milliseconds for each 100 KB that are not told apart from noise


@pytest.mark.parametrize("name", SMALL)
def test_time_grows_no_faster_than_a_mail(name: str) -> None:
    """Per byte the large one costs at most some more than the small one; quadratic, it would cost eight times."""
    for _ in range(3):
        small, large = cost(SMALL[name]), cost(LARGE[name])
        if large <= 3 * small + CONSTANT:
            return
    pytest.fail(f"{small:.1f} ms for each 100 KB became {large:.1f}")
