"""A restart refuses nobody: the socket is the service manager's, and what comes meanwhile waits in it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap

import httpx

from bridge.web.server import listen

SERVER = textwrap.dedent(
    """
    import asyncio, os, sys
    os.dup2(int(sys.argv[1]), 3)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from bridge.web.server import listen, serving

    async def who(request):
        return JSONResponse({"pid": os.getpid()})

    async def main():
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(15, stopped.set)
        async with serving(Starlette(routes=[Route("/", who)]), listen("ignored.invalid", 1)):
            print("serving", flush=True)
            await stopped.wait()

    asyncio.run(main())
    """
)


def start(descriptor: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SERVER, str(descriptor)]
    process = subprocess.Popen(command, pass_fds=[descriptor], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"serving\n"
    return process


async def test_requests_over_a_restart_are_all_answered() -> None:
    kept = listen("127.0.0.1", 0)
    kept.listen(128)
    url = f"http://127.0.0.1:{kept.getsockname()[1]}/"
    first = await asyncio.to_thread(start, kept.fileno())
    answered: list[int] = []
    enough = asyncio.Event()

    async def ask() -> None:
        while not enough.is_set():
            async with httpx.AsyncClient(timeout=60) as client:  # a connection each, as many providers have
                answer = await client.get(url)
            answered.append(json.loads(answer.text)["pid"])

    asking = [asyncio.ensure_future(ask()) for _ in range(4)]
    while not answered:  # noqa: ASYNC110 filled by the tasks above
        await asyncio.sleep(0.01)
    first.send_signal(signal.SIGTERM)
    await asyncio.to_thread(first.wait, 30)
    second = await asyncio.to_thread(start, kept.fileno())
    while second.pid not in answered:  # noqa: ASYNC110 filled by the tasks above
        await asyncio.sleep(0.01)
    enough.set()
    await asyncio.gather(*asking)
    assert set(answered) == {first.pid, second.pid}
    second.send_signal(signal.SIGTERM)
    await asyncio.to_thread(second.wait, 30)
    for process in (first, second):
        assert process.stdout
        process.stdout.close()
    kept.close()


def test_a_socket_meant_for_another_process_is_left_alone(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    own = listen("127.0.0.1", 0)
    assert own.getsockname()[1] > 0
    own.close()
