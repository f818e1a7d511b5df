"""
A venue that answers at once: a process of its own on loopback, which counts requests and connections.

    python bench/responder.py [--tls CERTIFICATE KEY] [--delay 0.05] [--rows 20]

It prints its port, and on each line that it reads from standard input, as JSON, what it has counted since the last
one. It checks nothing, so that what is measured is the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import time
from typing import Final

PATHS: Final = ("/fapi/v3/balance", "/fapi/v2/balance", "/fapi/v3/account", "/fapi/v2/account")


def body(rows: int) -> bytes:
    """
    Return a balance of so many assets, in Binance's layout.
    """
    return json.dumps(
        [
            {
                "accountAlias": "SgsR",
                "asset": "USDT" if number == 0 else f"A{number:03}",
                "balance": f"{122607 + number}.35137903",
                "crossWalletBalance": f"{122607 + number}.35137903",
                "crossUnPnl": "-23.72469206",
                "availableBalance": f"{122583 + number}.62668697",
                "maxWithdrawAmount": f"{122583 + number}.62668697",
                "marginAvailable": True,
                "updateTime": 1617939110373,
            }
            for number in range(rows)
        ]
    ).encode()


class Counter:
    """
    What came so far.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.connections = 0
        self.paths: dict[str, int] = {}

    def take(self) -> str:
        """
        Return what was counted, and begin anew.
        """
        told = json.dumps({"requests": self.requests, "connections": self.connections, "paths": self.paths})
        self.requests, self.connections, self.paths = 0, 0, {}
        return told


class Responder(asyncio.Protocol):
    """
    One connection. Requests are GETs without a body.

    Args:
        counter: Where they are counted.

        answers: The whole answer by path; the first for paths that it does not know.

        delay: Seconds before each answer.

    """

    def __init__(self, counter: Counter, answers: dict[bytes, bytes], delay: float) -> None:
        self._counter = counter
        self._answers = answers
        self._default = next(iter(answers.values()))
        self._delay = delay
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        Begin.
        """
        self._counter.connections += 1
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """
        Answer each request that is whole.
        """
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].partition(b"?")[0]
            self._counter.requests += 1
            self._counter.paths[path.decode()] = self._counter.paths.get(path.decode(), 0) + 1
            answer = self._answers.get(path, self._default)
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._send, answer)
            else:
                self._send(answer)

    def _send(self, answer: bytes) -> None:
        if isinstance(self._transport, asyncio.WriteTransport) and not self._transport.is_closing():
            self._transport.write(answer)


def answers(rows: int) -> dict[bytes, bytes]:
    """
    Return what is said to each path.
    """
    found = {
        b"/fapi/v3/balance": body(rows),
        b"/fapi/v1/time": json.dumps({"serverTime": time.time_ns() // 1_000_000}).encode(),
    }
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-MBX-USED-WEIGHT-1M: 5\r\nContent-Length: %d\r\n\r\n"
    return {path: head % len(text) + text for path, text in found.items()}


async def serve(options: argparse.Namespace) -> None:
    """
    Serve until standard input ends.
    """
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    loop = asyncio.get_running_loop()
    counter, told = Counter(), answers(options.rows)
    server = await loop.create_server(
        lambda: Responder(counter, told, options.delay), "127.0.0.1", 0, ssl=context, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(counter.take(), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A venue that answers at once.")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--rows", type=int, default=20)
    asyncio.run(serve(parser.parse_args()))
