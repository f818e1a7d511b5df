"""
A world: hosts, accounts, a local clock, and reports, all from one seed.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from attrs import define, evolve, field, frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import marginbook as mb
from marginbook.transport import Machine
from simulation.faults import RANDOM, Nth, Storm
from simulation.hosts import BEGINNING, Host, Memory
from simulation.judge import MARK, Case
from simulation.network import Network
from simulation.scheduling import Lanes, RunawayError, Scheduler
from simulation.truths import Player
from simulation.venues import Binance, CoinSwitch, Gateway, Stumble

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

#: Where each venue is, and the option that leads there.
_HOSTS: Final = {
    "fapi.binance.com": ("binance-usdm", Binance, "production"),
    "demo-fapi.binance.com": ("binance-usdm", Binance, "demo"),
    "dapi.binance.com": ("binance-coinm", Binance, "https://dapi.binance.com"),
    "coinswitch.co": ("coinswitch", CoinSwitch, "production"),
    "127.0.0.1:8000": ("fexgate", Gateway, "http://127.0.0.1:8000"),
    "stumble.invalid": ("stumble", Stumble, "https://stumble.invalid"),
}

#: How many accounts of each there are, for one at the first.
_SHARES: Final = (1.0, 0.5, 1.0, 0.3, 1.0, 0.05)

#: A plugin that breaks, in the ways that its option says.
_PLUGIN: Final = """
import marginbook as mb

def fetch(account, session):
    how, name = account.options["how"], account.name
    digits = session.get(f"{account.options['base_url']}/{account.options['key']}").text
    if how == "crash":
        raise LookupError(digits)
    if how == "exit":
        raise SystemExit(3)
    if how == "nothing":
        return None
    owner = "somebody" if how == "stranger" else name
    return mb.Statement([mb.Balance(account=owner, venue="stumble", asset="CASH", wallet_balance=digits)])

@mb.hookimpl
def marginbook_venues():
    options = (mb.Option("how", str, "How to break.", default=""), mb.Option("key", str, "Which.", default=""))
    return [mb.Venue(id="stumble", title="Stumbles", fetch=fetch, options=options)]
"""


@contextlib.contextmanager
def stumbling() -> Iterator[None]:
    """
    Have the plugin installed that breaks.
    """
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder, "marginbook_stumble-1.dist-info")
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: marginbook-stumble\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text("[marginbook]\nstumble = marginbook_stumble\n")
        Path(folder, "marginbook_stumble.py").write_text(_PLUGIN)
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.path.remove(folder)
            sys.modules.pop("marginbook_stumble", None)


@frozen
class Question:
    """
    One report to ask for.
    """

    names: tuple[str, ...]
    timeout: float
    width: int
    #: Seconds that pass before it.
    gap: float


@define(eq=False)
class World:
    """
    Everything that there is, and when it jumps.

    Attributes:
        jumps: When the local clock is set, and by how many milliseconds it then differs from the true time.

    """

    seed: int
    scheduler: Scheduler
    hosts: dict[str, Host]
    memory: Memory
    players: dict[str, Player]
    accounts: dict[str, mb.Account]
    questions: list[Question]
    jumps: list[tuple[float, int]]
    #: True if reports begin at fixed times, however long those before took.
    aligned: bool
    calm: frozenset[str]
    _lanes: list[Lanes] = field(factory=list, init=False)
    _machine: Machine = field(init=False)

    @_machine.default
    def _make_machine(self) -> Machine:
        network = Network(self.hosts)
        return Machine(
            milliseconds=self.milliseconds,
            monotonic=lambda: 5000 + self.scheduler.now,
            sleep=self.scheduler.sleep,
            random=Random(self.seed ^ 0x5EED).random,  # noqa: S311  # the same again, not a secret
            pool=lambda _: network,
        )

    def milliseconds(self) -> int:
        """
        Return the time by the local clock.
        """
        now = self.scheduler.now
        offset = next(by for at, by in reversed(self.jumps) if at <= now)
        return BEGINNING + offset + int(now * 1000)

    def ask(self, question: Question) -> Case:
        """
        Make one report.
        """
        for host in self.hosts.values():
            host.forget()
        self.memory.events.clear()
        started = self.scheduler.now
        players = [self.players[name] for name in question.names]
        lanes = Lanes(
            self.scheduler,
            question.width,
            _lane,
            expected=sum(player.trouble != "no_venue" for player in players),
            until=started + question.timeout + 0.5,
        )
        self._lanes.append(lanes)
        report = mb.collect(
            [self.accounts[name] for name in question.names],
            timeout=question.timeout,
            max_workers=question.width,
            executor=lanes,
            machine=self._machine,
        )
        if lanes.runaway:
            raise lanes.runaway
        return Case(
            report=report,
            players=players,
            hosts=self.hosts,
            memory=self.memory,
            started=started,
            timeout=question.timeout,
            finished=lanes.finished,
            width=question.width,
        )

    def reports(self) -> Generator[Case, None, None]:
        """
        Make all reports, one after the other.
        """
        start = 0.0
        try:
            for question in self.questions:
                start += question.gap
                self.scheduler.pass_time(start - self.scheduler.now if self.aligned else question.gap)
                yield self.ask(question)
                start += question.timeout + 1
        finally:
            self.scheduler.end()
            for lanes in self._lanes:
                lanes.shutdown()


def _lane(account: mb.Account, *_: object) -> tuple[object, str]:
    return (account.venue, account.options.get("base_url")), account.name


def make(seed: int, size: int, *, calm: bool = False) -> World:
    """
    Make the world of a seed.

    Args:
        seed: Of everything.

        size: How many accounts there are at the first venue, about.

        calm: Leave out all that goes wrong, and nothing else.

    """
    random = Random(seed)  # noqa: S311  # the same again, not a secret
    scheduler, memory = Scheduler(), Memory()
    hosts, untroubled = {}, set()
    for name, (_, kind, _) in _HOSTS.items():
        host = kind(name=name, scheduler=scheduler, random=Random(f"{seed} {name}"), memory=memory)  # noqa: S311  # the same again, not a secret
        _settle(host, random)
        troubled = _trouble(host, random)
        hosts[name] = host if calm else troubled
        if troubled is host:
            untroubled.add(name)
    players, accounts = _people(random, hosts, size)
    local = random.choice((0, 0, 200, -900, 7_000, -7_000, 3_600_000, -7_200_000))
    jumps = [(-math.inf, local)]
    if random.random() < 0.2:
        jumps.append((random.uniform(1, 100), local + random.choice((-3_600_000, -2_000, 2_000, 90_000, 7_200_000))))
    for host in hosts.values():
        host.skew = local - host.offset if len(jumps) == 1 else None
    return World(
        seed=seed,
        scheduler=scheduler,
        hosts=hosts,
        memory=memory,
        players=players,
        accounts=accounts,
        questions=list(_questions(random, list(players))),
        jumps=jumps,
        aligned=random.random() < 0.5,
        calm=frozenset(untroubled),
    )


def _settle(host: Host, random: Random) -> None:
    host.offset = random.choice((0, 0, 150, -300, 1_500, -20_000, 3_600_000))
    host.phase = random.uniform(0, 60)
    host.latency = random.choice((0.01, 0.05, 0.05, 0.2, 1.0))


def _trouble(host: Host, random: Random) -> Host:
    """
    Return the host as it is with its troubles, or itself if it has none.
    """
    drawn = random.randrange(10)
    own = Random(random.getrandbits(64))  # noqa: S311  # the same again, not a secret
    fault = random.choice(RANDOM)
    begin, length = random.uniform(0, 20), random.expovariate(1 / 30)
    others = random.choice((0.1, 0.5, 0.9, 1.2))
    if drawn < 3 or isinstance(host, Stumble):
        return host
    changes: dict[str, Any] = {}
    match drawn:
        case 3 | 4:
            changes["plan"] = Storm(own, 0.05, RANDOM)
        case 5:
            changes["plan"] = Storm(own, 0.4, RANDOM)
        case 6:
            changes["plan"] = Storm(own, 0.5, (fault,))
        case 7:
            changes["plan"] = Storm(own, 0.01, RANDOM, (begin, begin + length), fault)
        case 8:
            changes["tail"] = True
        case _:
            changes["plan"] = Storm(own, 1.0, (random.choice(("stalled", "connect_timeout", "503", "429")),))
    if host.limit > 1000 and random.getrandbits(1):
        changes["others"] = others
        if random.getrandbits(2) == 0:
            changes["bans_at"] = begin
    return evolve(host, **changes)


def _people(random: Random, hosts: dict[str, Host], size: int) -> tuple[dict[str, Player], dict[str, mb.Account]]:
    players, accounts = {}, {}
    for (place, (venue, _, url)), share in zip(_HOSTS.items(), _SHARES, strict=True):
        host = hosts[place]
        for number in range(max(1, int(size * share * random.uniform(0.3, 1)))):
            name = f"{venue}-{place[:4]}-{number}"
            player, account = _MAKERS[venue](random, name, place, url)
            players[name], accounts[name] = player, account
            host.books[player.key] = player
        # One account under several names, as somebody who copies a section has it.
        if venue == "coinswitch" and random.getrandbits(2) == 0:
            for number in range(random.randrange(1, 40)):
                twin = evolve(player, name=f"{name}-again-{number}")
                players[twin.name] = twin
                accounts[twin.name] = evolve(account, name=twin.name)
    return players, accounts


def _period(random: Random) -> float:
    return random.choice((math.inf, math.inf, 30.0, 5.0, 0.7))


def _trouble_of(random: Random, *troubles: str) -> str:
    return random.choice(troubles) if random.random() < 0.03 else ""


def _binance(random: Random, name: str, place: str, url: str) -> tuple[Player, mb.Account]:
    venue = "binance-coinm" if place.startswith("dapi") else "binance-usdm"
    trouble = _trouble_of(random, "unknown_key", "bad_secret", "inactive", "no_secret", "odd_option", "no_venue")
    key, secret = f"{random.getrandbits(256):064x}", f"{MARK}{random.getrandbits(208):052x}"
    options: dict[str, str | int] = {"base_url": url}
    if venue == "binance-usdm" and random.getrandbits(3) == 0:
        options["api_version"] = "v2"
    if trouble == "odd_option":
        options["recv_window"] = 0
    player = Player(
        name=name,
        venue="nowhere" if trouble == "no_venue" else venue,
        host=place,
        key=key,
        check=b"another" if trouble == "bad_secret" else secret.encode(),
        period=_period(random),
        trouble=trouble,
        seed=random.getrandbits(48),
    )
    written = "env:MARGINBOOK_SIMULATION_NOT_SET" if trouble == "no_secret" else secret
    return player, mb.Account(name, player.venue, {"api_key": key, "api_secret": written}, options)


@functools.lru_cache(maxsize=4096)
def _public(number: int) -> tuple[str, bytes]:
    seed = bytes.fromhex(f"{MARK}{number:052x}")
    return seed.hex(), Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _coinswitch(random: Random, name: str, place: str, url: str) -> tuple[Player, mb.Account]:
    trouble = _trouble_of(random, "unknown_key", "mismatched", "no_secret")
    secret, public = _public(random.getrandbits(64))
    written = {"no_secret": "env:MARGINBOOK_SIMULATION_NOT_SET", "mismatched": MARK + "0" * 52}.get(trouble, secret)
    player = Player(name, "coinswitch", place, public.hex(), public, _period(random), trouble, random.getrandbits(48))
    return player, mb.Account(name, "coinswitch", {"api_key": public.hex(), "api_secret": written}, {"base_url": url})


def _fexgate(random: Random, name: str, place: str, url: str) -> tuple[Player, mb.Account]:
    trouble = _trouble_of(random, "unknown_key", "bad_secret", "no_secret", "no_exchange")
    key, secret = f"{random.getrandbits(128):032x}", f"{MARK}{random.getrandbits(80):020x}"
    check = b"another" if trouble == "bad_secret" else secret.encode()
    player = Player(name, "fexgate", place, key, check, _period(random), trouble, random.getrandbits(48))
    options = {"base_url": url} | ({} if trouble == "no_exchange" else {"exchange": "fbinance"})
    written = "env:MARGINBOOK_SIMULATION_NOT_SET" if trouble == "no_secret" else secret
    return player, mb.Account(name, "fexgate", {"api_key": key, "api_secret": written}, options)


def _stumble(random: Random, name: str, place: str, url: str) -> tuple[Player, mb.Account]:
    trouble = random.choice(("", "crash", "exit", "stranger", "nothing"))
    player = Player(name, "stumble", place, f"{random.getrandbits(64):016x}", b"", 1.0, trouble, random.getrandbits(48))
    return player, mb.Account(name, "stumble", {}, {"base_url": url, "how": trouble, "key": player.key})


_MAKERS: Final = {
    "binance-usdm": _binance,
    "binance-coinm": _binance,
    "coinswitch": _coinswitch,
    "fexgate": _fexgate,
    "stumble": _stumble,
}


def _questions(random: Random, names: list[str]) -> Iterator[Question]:
    for _ in range(random.choice((2, 3, 4, 6))):
        some = random.sample(names, max(1, int(len(names) * random.choice((0.1, 0.5, 1, 1)))))
        yield Question(
            tuple(some),
            timeout=random.choice((3.0, 10.0, 30.0, 30.0, 60.0, 300.0, 3600.0)),
            width=random.choice((1, 4, 16, 16, 32)),
            gap=random.choice((0.0, 0.0, 5.0, 60.0, 600.0)),
        )


@frozen
class Figures:
    """
    What was done, by name.
    """

    counts: Counter[str] = field(factory=Counter)
    faults: Counter[str] = field(factory=Counter)
    outcomes: Counter[str] = field(factory=Counter)

    def count(self, case: Case) -> None:
        """
        Count one report.
        """
        self.counts.update(reports=1, accounts=len(case.players))
        self.outcomes.update(failure.kind for failure in case.report.failures)
        self.outcomes["ok"] += len(case.players) - len(case.report.failures)

    def add(self, other: Figures) -> None:
        """
        Add those of another run.
        """
        self.counts.update(other.counts)
        self.faults.update(other.faults)
        self.outcomes.update(other.outcomes)


class SimulationError(AssertionError):
    """
    A report is not what happened.
    """

    def __init__(self, seed: int, report: int, problems: list[str]) -> None:
        super().__init__(seed, report, problems)
        self.seed = seed
        self.report = report
        self.problems = problems

    def __str__(self) -> str:
        shown = "".join(f"\n  {problem}" for problem in self.problems[:10])
        return f"Seed {self.seed}, report {self.report}: {len(self.problems)} problems{shown}"


def run(seed: int, size: int = 200) -> Figures:
    """
    Run the world of a seed, and judge each of its reports.

    Raises:
        SimulationError: A report is wrong. The text says how.

    """
    world = make(seed, size)
    rows: list[list[str]] = []
    figures = judge(world, rows)
    if seed % 8 == 0 and world.aligned and len(world.jumps) == 1:
        figures.counts["twins"] += 1
        _compare_with_calm(world, rows, size)
    return figures


def judge(world: World, rows: list[list[str]]) -> Figures:
    """
    Make all reports of a world, judge them, and keep their rows at venues without trouble.

    Raises:
        SimulationError: A report is wrong.

    """
    figures = Figures()
    cases = world.reports()
    for number in range(len(world.questions)):
        try:
            case = next(cases)
        # What marginbook's own check of a report says, and threads that never rest.
        except (mb.AuditError, RunawayError) as error:
            raise SimulationError(world.seed, number, [repr(error)]) from error
        if problems := list(case.problems(thorough=(world.seed + number) % 8 == 0)):
            cases.close()
            raise SimulationError(world.seed, number, problems)
        figures.count(case)
        rows.append(_rows_at(case, world.calm))
    cases.close()
    figures.counts.update(seeds=1, requests=world.memory.requests, fetches=world.memory.fetches)
    figures.faults.update(world.memory.faults)
    return figures


def sweep(fault: str, number: int, *, for_ever: bool = False) -> Figures:
    """
    Ask a few accounts everywhere, and let one fault happen to the so many-th request at each host.

    Args:
        fault: Which.

        number: Of the request, from 1.

        for_ever: Let it happen to all later requests as well.

    Raises:
        SimulationError: The report is wrong.

    """
    world = make(number, 4, calm=True)
    world.jumps = [(-math.inf, 0)]
    for host in world.hosts.values():
        host.offset = host.skew = 0
        # What the plugin that breaks is sent is nobody's specification.
        if not isinstance(host, Stumble):
            host.plan = Nth(number, fault, for_ever=for_ever)
    world.questions = [Question(tuple(world.players), timeout=30.0, width=4, gap=0.0)]
    return judge(world, [])


def _rows_at(case: Case, places: frozenset[str]) -> list[str]:
    names = {player.name for player in case.players if player.host in places}
    return [repr(row) for row in case.report.balances if row.account in names]


def _compare_with_calm(world: World, rows: list[list[str]], size: int) -> None:
    """
    Hold the rows of venues that had no trouble against a run in which nobody had any.
    """
    for number, (case, found) in enumerate(zip(make(world.seed, size, calm=True).reports(), rows, strict=True)):
        if _rows_at(case, world.calm) != found:
            raise SimulationError(world.seed, number, ["the trouble of one venue changed the rows of another"])
