"""
Holds a report against what happened.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from marginbook import BalanceReport
from marginbook.asking import ATTEMPTS
from marginbook.values import AMOUNTS, Balance
from simulation.faults import KINDS, ODD
from simulation.hosts import Event, Host, Memory
from simulation.truths import Player

if TYPE_CHECKING:
    from collections.abc import Iterator

    from marginbook import Failure

#: What stands in every secret of a world, and nowhere else.
MARK: Final = "5ec2e75ec2e7"

#: Failures of accounts that are wrong before anything is sent, and of broken plugins.
EXPECTED: Final = {
    "mismatched": "credentials",
    "no_secret": "credentials",
    "no_exchange": "configuration",
    "odd_option": "configuration",
    "no_venue": "configuration",
    "crash": "plugin",
    "exit": "plugin",
    "stranger": "plugin",
    "nothing": "plugin",
}

#: What says that the time of a request was wrong.
_OFF: Final = frozenset({"clock", "clock_or_key"})

#: Milliseconds beyond which a venue does not accept the time of a request, with what the way may take.
_ALLOWED: Final = {"binance-usdm": 60_000, "binance-coinm": 60_000, "coinswitch": 120_000}

#: Seconds by which virtual times are the same.
_SAME: Final = 1e-6

#: Seconds after the deadline in which who waited for another's look at the clock may still find out that it is over.
_LOOK: Final = 0.1


@frozen(kw_only=True)
class Case:
    """
    One report, and all that is known of it.
    """

    report: BalanceReport
    players: Sequence[Player]
    hosts: Mapping[str, Host]
    memory: Memory
    #: Virtual seconds.
    started: float
    timeout: float
    finished: Mapping[str, float]
    width: int
    _notes: Mapping[str, str] = field(init=False)

    @_notes.default
    def _told(self) -> Mapping[str, str]:
        """
        Return all that is noted of each account.
        """
        told: defaultdict[str, str] = defaultdict(str)
        for note in self.report.notes:
            told[note.account] += f" {note.message}"
        return told

    def problems(self, *, thorough: bool) -> Iterator[str]:
        """
        Yield what is wrong with it.
        """
        yield from self.memory.violations
        yield from self._of_names()
        rows: defaultdict[str, list[Balance]] = defaultdict(list)
        for row in self.report.balances:
            rows[row.account].append(row)
        failures = {failure.account: failure for failure in self.report.failures}
        for player in self.players:
            if failure := failures.get(player.name):
                yield from self._of_failure(player, failure)
            else:
                yield from self._of_rows(player, rows[player.name])
        yield from self._of_locks(failures)
        yield from self._of_secrets(repr(self.report.failures) + repr(self.report.notes))
        if thorough:
            yield from self._of_totals()
            yield from self._of_text()

    def _of_names(self) -> Iterator[str]:
        asked = Counter((player.name, player.venue) for player in self.players)
        if asked != Counter(self.report.accounts.items()):
            yield "the accounts of the report are not those that were asked for"
        late = [name for name, at in self.finished.items() if at > self.started + self.timeout + _LOOK]
        if late:
            yield f"{late[0]} was done {self.finished[late[0]] - self.started:.3f} s after the start, of {self.timeout}"

    def _of_rows(self, player: Player, rows: list[Balance]) -> Iterator[str]:
        events = self.memory.events.get(player.name)
        if not events or events[-1].sheet is None:
            yield f"{player.name} is ok, and its last answer was {events[-1].what if events else 'none'}"
            return
        told = events[-1].sheet.rows
        if player.name not in self.finished or not 0 <= events[-1].at - self.started <= self.timeout + _SAME:
            yield f"{player.name} is ok, and was answered at another time"
        if [row.asset for row in rows] != sorted(told):
            yield f"{player.name} has rows of {[row.asset for row in rows]}, and was told of {sorted(told)}"
            return
        for row in rows:
            if problem := _compare(row, told[row.asset]):
                yield f"{player.name}: {problem}"
        # Farther off than a venue allows, a clock has been corrected.
        skew = self.hosts[player.host].skew
        if (
            skew
            and abs(skew) > _ALLOWED.get(player.venue, math.inf)
            and "machine's clock" not in self._notes.get(player.name, "")
        ):
            yield f"{player.name} has no note of the clock that is {skew / 1000} s off"
        if events[-1].what in ODD and told and "novelty" not in self._notes.get(player.name, ""):
            yield f"{player.name} has no note of the field that nobody knows"

    def _of_locks(self, failures: Mapping[str, Failure]) -> Iterator[str]:
        told: list[tuple[str | None, ...]] = []
        for player in self.players:
            if player.name not in failures and (events := self.memory.events.get(player.name)):
                told += [(player.name, *lock) for lock in (events[-1].sheet.locks if events[-1].sheet else ())]
        found = [
            (x.account, x.symbol, x.asset, *(f"{a:f}" for a in (x.blocked_balance, x.position_margin, x.order_margin)))
            for x in self.report.locks
        ]
        if Counter(told) != Counter(found):
            yield "the locks are not those that were told"

    def _of_failure(self, player: Player, failure: Failure) -> Iterator[str]:
        if failure.kind not in self._kinds(player):
            happened = ", ".join(event.what or "ok" for event in self.memory.events.get(player.name, []))
            at = self.finished.get(player.name, math.inf) - self.started
            yield (
                f"{player.name} failed as {failure.kind} at {at:.3f} of {self.timeout} s ({failure.message}), and what"
                f" happened to it was {happened or 'nothing'}"
            )
        events = self.memory.events.get(player.name, [])
        if "time of the request was right" in failure.message and events[-1].what == "clock_or_key":
            yield f"{player.name} failed with a right time, it says, and the time was wrong"

    def _kinds(self, player: Player) -> set[str]:
        """
        Return the kinds of failures that may be blamed on what happened.
        """
        kinds = {EXPECTED[player.trouble]} if player.trouble in EXPECTED else set()
        if kinds and player.venue != "stumble":
            return kinds
        host = self.hosts[player.host]
        finished = self.finished.get(player.name, math.inf)
        events = self.memory.events.get(player.name, [])
        last = events[-1].what if events else ""
        barred = finished < host.shy_until + _SAME or host.full(player, finished)
        if last and (last not in _OFF or barred or _for_the_first_time(events) or self._may_be_wrong(host)):
            kinds |= KINDS[last]
        if finished == math.inf:
            # Behind one that hangs, or itself.
            return {"timeout"} if "hung" in self.memory.faults else set()
        if barred:
            kinds.add("rate_limited")
        at_the_end = finished >= self.started + self.timeout - _SAME
        if at_the_end and (barred or host.troubled or host.busy / self.width > self.timeout / 2):
            kinds.add("timeout")
        if last in ODD and player.venue == "fexgate":
            # Where amounts are absent, an unknown field may be one that was renamed.
            kinds.add("invalid_response")
        return kinds

    def _may_be_wrong(self, host: Host) -> bool:
        """
        Say whether an account may fail for want of the time: not where it could be asked for.
        """
        return host.skew is None or host.clock_troubled or host.slow_clock

    def _of_secrets(self, text: str) -> Iterator[str]:
        if MARK in text:
            yield "a secret is in the report"
        yield from (f"the key of {player.name} is in the report" for player in self.players[:5] if player.key in text)

    def _of_totals(self) -> Iterator[str]:
        sums: defaultdict[tuple[str, str], list[Fraction | None]] = defaultdict(list)
        for row in self.report.balances:
            for name in AMOUNTS:
                amount = getattr(row, name)
                sums[row.asset, name].append(None if amount is None else Fraction(amount))
        totals = self.report.totals()
        if {asset for asset, _ in sums} != set(totals):
            yield "the totals are of other assets"
            return
        missing = sorted(failure.account for failure in self.report.failures)
        for (asset, name), amounts in sums.items():
            told = getattr(totals[asset], name)
            if (None if None in amounts else sum(filter(None, amounts))) != (None if told is None else Fraction(told)):
                yield f"the total of {asset} {name} is {told}"
            if sorted(totals[asset].missing) != missing:
                yield f"the total of {asset} names others as missing"

    def _of_text(self) -> Iterator[str]:
        text = self.report.to_json()
        yield from self._of_secrets(text)
        yield from self._of_secrets(repr(self.report))
        if len(self.players) < 100:
            yield from self._of_secrets(str(self.report))
        if BalanceReport.from_dict(json.loads(text)) != self.report:
            yield "the report is another one after it was written and read"


def _for_the_first_time(events: Sequence[Event]) -> bool:
    """
    Say whether it was the account's last attempt that told of a wrong time.
    """
    return len(events) == ATTEMPTS and not any(event.what in _OFF for event in events[-2:-1])


def _compare(row: Balance, told: Mapping[str, str]) -> str:
    """
    Compare digit for digit what was reported, and exactly what was derived.
    """
    basis = row.basis
    for name in AMOUNTS:
        amount, written = getattr(row, name), told.get(name)
        if amount is None or written is None:
            same = amount is written is None
        elif basis[name] == "reported":
            same = f"{amount:f}" == written
        else:
            same = f"{amount:f}" == written or Fraction(amount) == Fraction(written)
        if not same:
            return f"{name} of {row.asset} is {amount}, and {written} was told"
    changed = int(told.get("updated_at", "0"))
    at = 0 if row.updated_at is None else round(row.updated_at.timestamp() * 1000)
    return "" if at == changed else f"{row.asset} was changed at {changed}, and the report says {at}"
