"""
One report after the other, over real HTTP on this machine, for as long as it takes to see whether anything grows.

``python -m soak --reports 100000 --processes 2`` prints figures, and exits with 1 if something grows, or if a report is
not what it has to be.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import field, frozen

import marginbook as mb
from marginbook.transport import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROW: Final = (
    b'{"accountAlias":"SgsR","asset":"USDT","balance":"122607.35137903","crossWalletBalance":"23.72469206",'
    b'"crossUnPnl":"0.00000000","availableBalance":"23.72469206","maxWithdrawAmount":"23.72469206",'
    b'"marginAvailable":true,"updateTime":1617939110373}'
)

#: Bodies by the first part of the path.
_BODIES: Final = {
    b"usdm": b"[" + _ROW + b"]",
    b"gateway": b'{"balances":[' + _ROW + b"]}",
    b"garbled": b'{"balances":[' + _ROW,
}

#: What may be more at the end than after the beginning: noise of the allocator, and of whoever else runs.
SLACK: Final = {"memory KiB": 4096, "objects": 3000, "sockets": 0, "files": 2, "threads": 0}

#: Seconds for a report on a venue that does not answer.
_SHORT: Final = 0.05


class _Venue(asyncio.Protocol):
    """
    Answers what it is asked for, and keeps the connection.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        kind = data.split(b"/", 2)[1]
        if kind == b"stalled":
            return
        body = _BODIES.get(kind, _BODIES[b"gateway"])
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        if kind == b"cut":
            self._transport.write(head + body[:40])
            self._transport.close()
        else:
            self._transport.write(head + body)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Venue, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    # Until whoever started it has gone.
    await asyncio.to_thread(sys.stdin.read)


@contextlib.contextmanager
def serving() -> Iterator[int]:
    """
    Have a venue listen in a process of its own, and yield its port.
    """
    with subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


@frozen
class Question:
    """
    One report: what to ask, for how long, and how each account has to end.
    """

    accounts: tuple[mb.Account, ...]
    timeout: float
    ends: tuple[str, ...]


def questions(port: int, refused: int) -> list[Question]:
    """
    Return the questions, in the order in which they are asked over and over.
    """
    gateway, usdm = _gateway(port, "gateway"), _usdm(port)
    usual = [
        Question((gateway,), 30.0, ("ok",)),
        Question((gateway, _gateway(port, "gateway-2")), 30.0, ("ok", "ok")),
        Question((usdm,), 30.0, ("ok",)),
        Question((gateway, usdm), 30.0, ("ok", "ok")),
    ] * 49
    return [
        *usual,
        Question((gateway, _gateway(refused, "refused")), 30.0, ("ok", "unavailable")),
        Question((usdm, _gateway(port, "stalled")), _SHORT, ("ok", "timeout")),
        Question((_gateway(port, "garbled"),), 30.0, ("invalid_response",)),
        Question((_gateway(port, "cut"), gateway), 30.0, ("unavailable", "ok")),
    ]


def _gateway(port: int, name: str) -> mb.Account:
    options = {"base_url": f"http://127.0.0.1:{port}/{name}", "exchange": "fbinance"}
    return mb.Account(name, "fexgate", {"api_key": "soak-key", "api_secret": "soak-secret"}, options)


def _usdm(port: int) -> mb.Account:
    options = {"base_url": f"http://127.0.0.1:{port}/usdm", "weight_limit": 10**9}
    return mb.Account("usdm", "binance-usdm", {"api_key": "k" * 64, "api_secret": "s" * 64}, options)


def measure() -> dict[str, int]:
    """
    Return what a process holds, by name.
    """
    gc.collect()
    files = list(Path("/proc/self/fd").iterdir())
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "memory KiB": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        "objects": len(gc.get_objects()),
        "sockets": sum(_target(file).startswith("socket:") for file in files),
        "files": len(files),
        "threads": threading.active_count(),
    }


def _target(file: Path) -> str:
    # The folder that is just being listed is gone when it is looked at.
    with contextlib.suppress(OSError):
        return str(file.readlink())
    return ""


@frozen
class Found:
    """
    What a soak found: how accounts ended, what was wrong with reports, and what was held at points in time.
    """

    ends: Counter[str]
    wrong: list[str]
    held: list[dict[str, int]]
    seconds: float
    problems: list[str] = field(init=False)

    @problems.default
    def _compare(self) -> list[str]:
        """
        Compare the last quarter with the first after the warm-up: the least of each, so that a peak is no growth.
        """
        settled = self.held[len(self.held) // 4 :]
        quarter = max(1, len(settled) // 4)
        grown = []
        for name, slack in SLACK.items():
            before, after = (min(held[name] for held in part) for part in (settled[:quarter], settled[-quarter:]))
            if after > before + slack:
                grown.append(f"{name} grew from {before} to {after}")
        return [*self.wrong[:5], *grown]


def soak(reports: int, port: int) -> Found:
    """
    Ask for so many reports, and look twenty times at what is held.
    """
    # A port that nobody listens on, for as long as this socket has it.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        asked = questions(port, taken.getsockname()[1])
        return _soak(reports, asked)


def _soak(reports: int, asked: Sequence[Question]) -> Found:
    # Retries at once: what they wait for is another test's business.
    machine = Machine(random=lambda: 0.0)
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    held = []
    begun = time.monotonic()
    step = max(1, reports // 20)
    for number in range(reports):
        # Seven has no part in 200: the rare ones come now and then, and each as often as the others.
        question = asked[number * 7 % len(asked)]
        found = _ends(mb.collect(question.accounts, timeout=question.timeout, machine=machine), question)
        ends.update(found)
        # A machine that is busy elsewhere may be late for the account that answers.
        if question.timeout > _SHORT and found != question.ends:
            wrong.append(f"Report {number} ended as {', '.join(found)}, and not as {', '.join(question.ends)}")
        if number % step == step - 1:
            held.append(measure())
    return Found(ends, wrong, held, time.monotonic() - begun)


def _ends(report: mb.BalanceReport, question: Question) -> tuple[str, ...]:
    failed: dict[str, Any] = {failure.account: failure.kind for failure in report.failures}
    return tuple(failed.get(account.name, "ok") for account in question.accounts)


def main(arguments: list[str] | None = None) -> int:
    """
    Soak, print figures, and return the exit status.
    """
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="be the venue")
    parser.add_argument("--reports", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.serve:
        asyncio.run(_serve())
        return 0
    share = options.reports // options.processes
    with serving() as port, ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(soak, [share] * options.processes, [port] * options.processes))
    for one in found:
        sys.stdout.write(_tell(one, share))
    return int(any(one.problems for one in found))


def _tell(found: Found, reports: int) -> str:
    held = [", ".join(f"{number} {name}" for name, number in held.items()) for held in (found.held[0], found.held[-1])]
    ends = ", ".join(f"{number} {name}" for name, number in found.ends.most_common())
    lines = [
        f"{reports} reports in {found.seconds:.0f} s, {found.seconds / reports * 1000:.1f} ms each: {ends}",
        f"held at first {held[0]}; at last {held[1]}",
        *found.problems,
    ]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
