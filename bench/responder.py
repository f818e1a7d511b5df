"""
A server that does nothing but answer, as fast as asyncio can, so that what is measured is who asks.

    python -m bench.responder '{"hosts": 1, "rows": 20, "delay": 0.05, "certificate": "server.pem"}'

It tells its port, and then, for each line that it is sent on standard input, how much it was asked so far. Signatures
are not looked at: the sandbox does that, slower.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from bench import bodies

#: Connections that may wait to be accepted: nobody is to be turned away.
_BACKLOG: Final = 4096


@dataclass
class Settings:
    """
    How to answer.
    """

    #: Addresses to listen at, from 127.0.0.1 on, all with the same port. To a client, each is another host.
    hosts: int = 1
    #: Assets of an account.
    rows: int = 20
    #: Seconds of a round trip: to connect takes one, a TLS handshake another, each answer another.
    delay: float = 0.0
    #: The file of the certificate and its key, or "" to speak without TLS.
    certificate: str = ""
    #: Whether a connection ends after one answer.
    close: bool = False


@dataclass
class Counts:
    """
    How much was asked so far.
    """

    requests: int = 0
    connections: int = 0


class Responder:
    """
    What all conversations have in common.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counts = Counts()
        self.loop = asyncio.get_running_loop()
        balance, account = bodies.balance(settings.rows), bodies.account(settings.rows)
        found = {
            "/fapi/v3/balance": balance,
            "/fapi/v2/balance": balance,
            "/fapi/v3/account": account,
            "/fapi/v2/account": account,
            "/fapi/v1/exchangeInfo": bodies.contracts(),
            # What python-binance asks of everybody, and ccxt of those who have a key.
            "/api/v3/ping": b"{}",
            "/sapi/v1/capital/config/getall": b"[]",
            "/sapi/v1/margin/allPairs": b"[]",
        }
        self._answers = {path.encode(): self._answer(200, body) for path, body in found.items()}
        self._missing = self._answer(404, b'{"code":-5000,"msg":"Path is invalid."}')
        self._tasks: set[asyncio.Task[None]] = set()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if settings.certificate else None
        if context:
            context.load_cert_chain(settings.certificate)
        self._context = context

    def _answer(self, status: int, body: bytes) -> bytes:
        headers = bodies.HEADERS.format(connection="close" if self.settings.close else "keep-alive")
        head = f"HTTP/1.1 {status} \nContent-Length: {len(body)}\n{headers}\n"
        return head.replace("\n", "\r\n").encode() + body

    def answer(self, path: bytes) -> bytes:
        """
        Return all that is to be sent to who asked for *path*.
        """
        self.counts.requests += 1
        if path == b"/fapi/v1/time":
            return self._answer(200, b'{"serverTime":%d}' % (time.time_ns() // 1_000_000))
        if path not in self._answers:
            print(f"nobody answers {path.decode()}", file=sys.stderr)
        return self._answers.get(path, self._missing)

    async def listen(self) -> int:
        """
        Begin to listen, and return the port.
        """
        port = 0
        for number in range(1, self.settings.hosts + 1):
            listener = socket.create_server((f"127.0.0.{number}", port), backlog=_BACKLOG)
            listener.setblocking(False)
            port = listener.getsockname()[1]
            self._keep(self._accept(listener))
        return port

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            connected, _ = await self.loop.sock_accept(listener)
            self.counts.connections += 1
            self._keep(self._begin(connected))

    async def _begin(self, connected: socket.socket) -> None:
        # The kernel accepts at once, and asyncio shakes hands at once.
        await asyncio.sleep(self.settings.delay * (2 if self._context else 1))
        try:
            await self.loop.connect_accepted_socket(lambda: Conversation(self), connected, ssl=self._context)
        except OSError as error:
            print(f"a connection was broken off: {error}", file=sys.stderr)

    def _keep(self, work: Any) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Conversation(asyncio.Protocol):
    """
    One connection: requests without a body, one after the other.
    """

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._heard = b""

    def connection_made(self, transport: Any) -> None:
        """
        Remember whom to answer.
        """
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """
        Answer each request that is complete.
        """
        *requests, self._heard = (self._heard + data).split(b"\r\n\r\n")
        for request in requests:
            answer = self._responder.answer(request.split(b" ", 2)[1].partition(b"?")[0])
            if self._responder.settings.delay:
                self._responder.loop.call_later(self._responder.settings.delay, self._send, answer)
            else:
                self._send(answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)
            if self._responder.settings.close:
                self._transport.close()


async def main(settings: Settings) -> None:
    """
    Answer until nobody wants to know more.
    """
    responder = Responder(settings)
    print(await responder.listen(), flush=True)
    while await responder.loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(asdict(responder.counts)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Settings(**json.loads(sys.argv[1]))))
