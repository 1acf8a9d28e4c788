"""What crafted mails cost: processor time for 100 KB of each, at two sizes. The promise is 50 ms.

python -m tests.bench.mail_cost         prints the dearest first; exits 1 where one breaks the promise
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from channels.mail import Mailbox, parse
from channels.mail_server import Delivered

PROMISE: Final = 50.0  # milliseconds for each 100 KB
UNIT: Final = 100_000  # bytes
SIZES: Final = (UNIT, 8 * UNIT)
SHOWN: Final = 12
HEAD: Final = b"From: ada@home.example\r\nSubject: x\r\n"
MIXED: Final = HEAD + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
BOX: Final = Mailbox("box", frozenset(("report@city.example",)), b"key", frozenset(("mx.city.example",)))
NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)

# Each is repeated to its size: marks that quote, lines that all but announce a quotation, rules, contact lines.
PLAIN: Final = {
    "quote marks": b">",
    "quoted lines": b"> a\n",
    "blank lines": b"\n",
    "spaces": b" ",
    "lines of spaces": b" " * 990 + b"x\n",
    "dates": b"On Mon 2026 wrote\n",
    "announcements cut short": b"On Mon 2026 x wrote: a:\n",
    "announcements over two lines": b"On 1/1/2026 at 10:00, a@b wrote\n:\n",
    "addresses announced": b"<a@b>:\n",
    "verbs": b"wrote:\n",
    "long announcements": b"On 2026 wrote " + b"x " * 100 + b":\n",
    "headers": b"From: a\nTo: b\nx\n",
    "rules": b"--\n",
    "signatures": b"-- \nAda\n\n",
    "fences": b"```\n--\n",
    "adverts": b"Sent from my iPhone\n",
    "cards": b"Ada Field\n555-010-0200\n",
    "closings": b"Kind regards\nAda Field\n5 Elm\n",
    "notices": b"\nThis message is confidential\n",
    "at signs": b"a@",
    "figures": b"12-34-56 ",
    "no-break spaces": "\xa0".encode(),
}
PAGES: Final = {
    "divisions": b"<div>",
    "quotations": b"<blockquote type=cite>",
    "tables": b"<table><tr><td>",
    "formatting": b"<b><i><p></b>",
    "entities": b"&amp;",
    "angles": b"<",
    "comments": b"<!--",
    "drawings": b"<svg><math>",
    "attributes": b"<body a=1 ",
}
PARTS: Final = {
    "boundaries": b"--x\r\n",
    "nested parts": b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n",
    "spaced boundaries": b"\n--x" + b" " * 90,
}
HEADERS: Final = {
    "encoded words": b"=?utf-8?q?a?= ",
    "folds": b"a\r\n ",
    "references": b"<a@b> ",
    "parameters": b"; a*0*=b",
    "names": b"a<",
    "comments in names": b"(",
}


def repeated(unit: bytes, size: int) -> bytes:
    return (unit * (size // len(unit) + 1))[:size]


def crafted(size: int) -> Mapping[str, bytes]:
    """The mails, by what they are full of."""
    plain, page = HEAD + b"\r\n", HEAD + b"Content-Type: text/html\r\n\r\n"
    bulk = b"From: ada@home.example\r\nReferences: %b\r\nSubject: %b\r\nContent-Type: text/plain%b\r\n\r\nx"
    return {
        **{name: plain + repeated(unit, size) for name, unit in PLAIN.items()},
        **{f"HTML {name}": page + repeated(unit, size) for name, unit in PAGES.items()},
        **{name: MIXED + repeated(unit, size) for name, unit in PARTS.items()},
        **{name: bulk % ((repeated(unit, size // 3),) * 3) for name, unit in HEADERS.items()},
        "many attributes": page + b"<body " + b" ".join(b"a%d=1" % n for n in range(size // 9)) + b">",
        "attributes that hold a tag": page + repeated(b"<body " + b"a=1 " * 700 + b"b=<x ", size) + b">",
    }


def cost(raw: bytes) -> float:
    """Milliseconds of processor time for each 100 KB, the better of two readings."""
    return min(_spent(raw) for _ in range(2)) * 1000 * UNIT / len(raw)


def _spent(raw: bytes) -> float:
    began = time.process_time()
    parse(Delivered("ada@home.example", "report@city.example", raw), BOX, NOW)
    return time.process_time() - began


def main() -> None:
    dearest = 0.0
    for size in SIZES:
        costs = sorted(((cost(raw), name) for name, raw in crafted(size).items()), reverse=True)
        dearest = max(dearest, costs[0][0])
        print(f"\n{size // 1000} KB of                       ms for each 100 KB")
        for spent, name in costs[:SHOWN]:
            print(f"{name:<32}{spent:>8.1f}")
    sys.exit(dearest > PROMISE)


if __name__ == "__main__":
    main()
