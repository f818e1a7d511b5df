"""
What is measured: a function for each benchmark. Runs are interleaved, so that a bad minute of the machine hits all.
"""

from __future__ import annotations

import json
import operator
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench import bodies
from bench.figures import Figures
from bench.history import timings
from bench.responder import Settings
from bench.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.environments import Environment
    from bench.serving import Certificates

#: Seconds of a round trip to a venue on the same continent.
TRIP: Final = 0.05

#: Assets of an account, unless that is what is varied.
ROWS: Final = 20


@dataclass(frozen=True)
class Peer:
    """
    Who is measured.
    """

    #: What is imported by who uses it.
    library: str
    #: The module in `bench.peers`.
    module: str
    environment: str


OURS: Final = Peer("marginbook", "ours", "marginbook-50")
REQUESTS: Final = Peer("requests", "plain", "requests")

PEERS: Final = {
    "marginbook": OURS,
    "ccxt": Peer("ccxt", "ccxt_unified", "ccxt"),
    "ccxt, implicit call": Peer("ccxt", "ccxt_implicit", "ccxt"),
    "python-binance": Peer("binance", "python_binance", "python-binance"),
    "futures-connector": Peer("binance.um_futures", "futures_connector", "futures-connector"),
    "official SDK": Peer(
        "binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures", "official_sdk", "official-sdk"
    ),
    "requests": REQUESTS,
    "urllib3": Peer("urllib3", "bare", "urllib3"),
}

#: marginbook's own environment has the plugins of fifty strangers, these have fewer.
FEWER: Final = {f"marginbook, {n} plugins": replace(OURS, environment=f"marginbook-{n}") for n in (0, 10)}


INSIDE: Final = str(Path(__file__).with_name("inside.py"))

IMPORT: Final = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import {library}
print(time.perf_counter() - wall)
print(time.process_time() - cpu)
"""


@dataclass(frozen=True)
class Bench:
    """
    What a benchmark works with.
    """

    environments: dict[str, Environment]
    certificates: Certificates
    #: How often everything is done, or 0 for as often as each benchmark wants to.
    rounds: int = 0

    def each_round(self, usual: int) -> Iterable[int]:
        """
        Return the numbers of the rounds.
        """
        return range(self.rounds or usual)

    def lines(self, peer: Peer, *words: str) -> list[str]:
        """
        Return what Python prints where a peer is installed.
        """
        surroundings = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.certificates.folder),
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "REQUESTS_CA_BUNDLE": str(self.certificates.trusted),
            "BENCH_SECRET": "secret",
        }
        # -P: the folder of the script is no place to import from.
        command = [str(self.environments[peer.environment].python), "-P", *words]
        done = subprocess.run(command, env=surroundings, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.splitlines()

    def inside(self, peer: Peer, verb: str, **arguments: Any) -> Any:
        """
        Return what comes of a function of `inside.py`.
        """
        told = self.lines(peer, INSIDE, verb, peer.module, json.dumps(arguments))
        return json.loads(told[-1])

    def serving(self, settings: Settings, *, tls: bool = False) -> Any:
        """
        Let a responder run, with TLS or without.
        """
        return serve(replace(settings, certificate=str(self.certificates.server) if tls else ""))


def imports(bench: Bench) -> Figures:
    """
    Milliseconds to import the library.
    """
    figures = Figures()
    for _ in bench.each_round(9):
        for name, peer in {**PEERS, **FEWER}.items():
            wall, cpu = bench.lines(peer, "-c", IMPORT.format(library=peer.library))
            figures.add(name, "ms", 1000 * float(wall))
            figures.add(name, "cpu ms", 1000 * float(cpu))
    return figures


def first(bench: Bench) -> Figures:
    """
    From the start of a process to its first balance: milliseconds, requests on the wire, and the most memory in use.
    """
    figures = Figures()
    with bench.serving(Settings(rows=ROWS)) as served:
        for _ in bench.each_round(7):
            for name, peer in {**PEERS, **FEWER}.items():
                # To both processes it is the same clock.
                before, begun = served.counts().requests, time.monotonic()
                wallet, ended, cpu, peak = bench.lines(peer, INSIDE, "first", peer.module, served.urls[0])
                if wallet != bodies.WALLET:
                    msg = f"{name} reads {wallet} where {bodies.WALLET} was sent."
                    raise ValueError(msg)
                figures.add(name, "ms", 1000 * (float(ended) - begun))
                figures.add(name, "cpu ms", 1000 * float(cpu))
                figures.add(name, "requests", served.counts().requests - before)
                figures.add(name, "peak MiB", float(peak) / 1024)
    return figures


def account(bench: Bench) -> Figures:
    """
    Microseconds for an account, asked one after the other with keep-alive: of CPU, and of the clock.
    """
    figures = Figures()
    count = 300
    for scheme, rows in (("http", ROWS), ("https", ROWS), ("one asset, http", 1)):
        with bench.serving(Settings(rows=rows), tls=scheme == "https") as served:
            for _ in bench.each_round(5):
                for name, peer in PEERS.items():
                    took = bench.inside(peer, "ask", urls=served.urls, count=count, workers=1, kept=True)
                    for clock in ("cpu", "wall"):
                        figures.add(name, f"{scheme} {clock}", 1e6 * took[clock] / count)
    return figures


def threads(bench: Bench) -> Figures:
    """
    Calls per second, with so many threads.
    """
    figures = Figures()
    count = 400
    with bench.serving(Settings(rows=ROWS)) as served:
        for _ in bench.each_round(3):
            for workers in (1, 8, 32, 64):
                for name, peer in PEERS.items():
                    took = bench.inside(peer, "ask", urls=served.urls, count=count, workers=workers, kept=True)
                    figures.add(name, str(workers), count / took["wall"])
    return figures


def report(bench: Bench) -> Figures:
    """
    Seconds for a report over so many accounts: TLS, a round trip of 50 ms, 64 workers, a client for each account.
    """
    figures = Figures()
    workers = 64
    with bench.serving(Settings(rows=ROWS, delay=TRIP), tls=True) as served:
        for _ in bench.each_round(3):
            for count, asked in {1: PEERS, 10: PEERS, 100: PEERS, 1000: PEERS, 10_000: {"marginbook": OURS}}.items():
                for name, peer in asked.items():
                    took = bench.inside(peer, "ask", urls=served.urls, count=count, workers=workers, kept=False)
                    figures.add(name, str(count), took["wall"])
                # To connect takes a round trip, to shake hands another.
                figures.add("latency alone", str(count), (2 + -(-count // workers)) * TRIP)
    return figures


def memory(bench: Bench) -> Figures:
    """
    KiB of memory for one further account, with TLS: afterwards, at most, and of what the report tells of it.
    """
    figures = Figures()
    with bench.serving(Settings(rows=ROWS), tls=True) as served:
        for _ in bench.each_round(1):
            for name, peer in PEERS.items():
                counts = (1000, 10_000) if peer is OURS else (20, 100)
                few, many = (bench.inside(peer, "memory", urls=served.urls, count=n, workers=64) for n in counts)
                each = {what: (many[what] - few[what]) / (counts[1] - counts[0]) for what in few}
                figures.add(name, "KiB", each["used"] - each["rows"])
                figures.add(name, "KiB at most", each["peak"] - each["rows"])
                figures.add(name, "KiB of rows", each["rows"])
    return figures


def connections(bench: Bench) -> Figures:
    """
    Connections that are opened for 1,000 accounts, of one host and of sixteen.
    """
    figures = Figures()
    count = 1000
    # Our workers are counted for each address, theirs all together.
    asked = {
        "marginbook": (OURS, {1: 64, 16: 1}),
        "requests, one session": (replace(REQUESTS, module="shared"), {1: 64, 16: 16}),
        "requests": (REQUESTS, {1: 64, 16: 16}),
    }
    for hosts in (1, 16):
        with bench.serving(Settings(rows=ROWS, hosts=hosts)) as served:
            for _ in bench.each_round(3):
                for name, (peer, workers) in asked.items():
                    before = served.counts().connections
                    bench.inside(peer, "ask", urls=served.urls, count=count, workers=workers[hosts], kept=False)
                    # The first account was asked twice.
                    figures.add(name, f"{hosts} hosts", served.counts().connections - before - 1)
    return figures


def tls(bench: Bench) -> Figures:
    """
    How often the CA bundle is loaded for 40 accounts, and milliseconds of CPU for one more connection.
    """
    figures = Figures()
    count = 50
    plain = Settings(rows=ROWS)
    with bench.serving(plain, tls=True) as served, bench.serving(replace(plain, close=True), tls=True) as closing:
        for _ in bench.each_round(3):
            for name, peer in PEERS.items():
                figures.add(name, "CA loads", bench.inside(peer, "loads", urls=served.urls, count=40, workers=4))
                kept, anew = (
                    bench.inside(peer, "ask", urls=urls, count=count, workers=1, kept=True)["cpu"]
                    for urls in (served.urls, closing.urls)
                )
                figures.add(name, "ms a connection", 1000 * (anew - kept) / count)
    return figures


def parse(bench: Bench) -> Figures:
    """
    Microseconds of CPU to make a statement of a body, by its rows; and with `json.loads` and `Decimal` by hand.
    """
    figures = Figures()
    for _ in bench.each_round(5):
        for rows in (1, 20, 100, 500, 2000):
            for name, module in {"marginbook": "ours", "by hand": "by_hand"}.items():
                peer = replace(OURS, module=module)
                seconds = bench.inside(peer, "parse", rows=rows, times=max(3, 2000 // rows))
                figures.add(name, str(rows), 1e6 * seconds)
    return figures


def profile(bench: Bench) -> Figures:
    """
    Microseconds of CPU for an account, with keep-alive, by the package in which they are spent.
    """
    figures = Figures()
    count = 300
    with bench.serving(Settings(rows=ROWS)) as served:
        for _ in bench.each_round(3):
            for name, peer in {"marginbook": OURS, "requests": REQUESTS}.items():
                spent = bench.inside(peer, "profile", urls=served.urls, count=count)
                for package, seconds in sorted(spent.items(), key=operator.itemgetter(1), reverse=True):
                    figures.add(package, name, 1e6 * seconds / count)
    return figures


def steps(bench: Bench) -> Figures:
    """
    Microseconds of CPU for an account, step by step, and for what can be compared with all of them.
    """
    figures = Figures()
    count = 300
    with bench.serving(Settings(rows=ROWS)) as served:
        for _ in bench.each_round(7):
            for step, seconds in bench.inside(
                replace(OURS, module="steps"), "steps", url=served.urls[0], times=count
            ).items():
                figures.add(step, "us", 1e6 * seconds)
            for name in ("marginbook", "requests", "urllib3"):
                took = bench.inside(PEERS[name], "ask", urls=served.urls, count=count, workers=1, kept=True)
                figures.add(f"{name}, all of it", "us", 1e6 * took["cpu"] / count)
            by_hand = bench.inside(replace(OURS, module="by_hand"), "parse", rows=ROWS, times=count)
            figures.add("json.loads and Decimal, by hand", "us", 1e6 * by_hand)
    return figures


def history(bench: Bench) -> Figures:
    """
    Seconds that questions take of a history with a million balances.
    """
    figures = Figures()
    for _ in bench.each_round(1):
        with tempfile.TemporaryDirectory() as folder:
            for question, seconds in timings(str(Path(folder) / "history.sqlite")):
                figures.add("marginbook", question, seconds)
    return figures


#: All benchmarks, by the names that the command knows.
BENCHMARKS: Final[dict[str, Callable[[Bench], Figures]]] = {
    "import": imports,
    "first": first,
    "account": account,
    "threads": threads,
    "report": report,
    "memory": memory,
    "connections": connections,
    "tls": tls,
    "parse": parse,
    "profile": profile,
    "steps": steps,
    "history": history,
}
