"""
Reports in storms of faults, in virtual time.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

import marginbook_fexgate
from marginbook import Statement, UnavailableError, asking, collecting, promises
from marginbook.report import BalanceReport
from marginbook.report.totals import totals
from marginbook.transport import Deadline
from marginbook.transport.clocks import VenueClock
from marginbook.transport.gates import Gate
from marginbook.transport.hosts import Host
from marginbook_binance import rows, usdm
from marginbook_coinswitch import futures
from marginbook_fexgate import gateway
from simulation import __main__ as command
from simulation import worlds
from simulation.faults import KINDS, RANDOM
from simulation.judge import MARK, Case
from simulation.worlds import Figures, SimulationError, make, run, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from marginbook import Balance


def test_storms() -> None:
    """
    Whatever happens, each account is ok with the venue's digits, or failed as what happened to it explains.
    """
    figures = Figures()
    for seed in range(1, 17):
        figures.add(run(seed, 20))

    assert 2_000 < figures.counts["fetches"]
    assert 25 < len(figures.faults.keys() & set(RANDOM))
    assert {"ok", *(kind for kinds in KINDS.values() for kind in kinds), "configuration"} == figures.outcomes.keys()


def test_again() -> None:
    """
    A seed gives the same run, to the last byte of each report.
    """
    first, second = ([case.report.to_json() for case in make(5, 20).reports()] for _ in range(2))

    assert first == second
    assert "unavailable" in "".join(first)


def test_another_seed() -> None:
    """
    Another seed gives another run.
    """
    first, second = ([case.report.to_json() for case in make(seed, 5).reports()] for seed in (1, 2))

    assert first != second


@pytest.mark.parametrize("fault", [*RANDOM, "hung"])
def test_sweep(fault: str) -> None:
    """
    One fault, at the first request of each host, the second, or at all of them, is told as what it is.
    """
    found = [sweep(fault, number) for number in (1, 2)] + [sweep(fault, 1, for_ever=True)]

    assert all(figures.faults[fault] for figures in found)
    assert found[0].faults[fault] <= found[-1].faults[fault]


def test_calm() -> None:
    """
    Where nothing happens to an account, it is ok.
    """
    figures = sweep("refused", 10_000)

    assert set(figures.outcomes) <= {"ok", "credentials", "permission", "configuration", "plugin", "rate_limited"}
    assert "refused" not in figures.faults


def test_calm_venues_do_not_notice() -> None:
    """
    The rows of a venue without trouble are those of a run in which nobody has any.
    """
    compared = [seed for seed in range(0, 400, 8) if (world := make(seed, 20)).aligned and len(world.jumps) == 1][:3]

    assert [1, 1, 1] == [run(seed, 20).counts["twins"] for seed in compared]


def test_whatever_goes_wrong_can_be_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A defect of marginbook, or of the simulation itself, has the seed with which it comes again.
    """

    def broken(*_: object) -> Figures:
        raise IndexError

    monkeypatch.setattr(command, "run", broken)

    assert 1 == command.main(["--seed", "7"])
    assert "Seed 7, report 0: 1 problems\n  IndexError()" in capsys.readouterr().out


@pytest.mark.parametrize(("seed", "size"), [(19, 20), (22, 10), (50, 5), (4, 40)])
def test_what_was_wrong_once(seed: int, size: int) -> None:
    """
    Storms that found something once: a clock that was set within a minute of being measured, weight that was held for
    what was never sent, a ban by a clock that nobody had asked, a time that was long on its way.
    """
    assert run(seed, size).counts["reports"] > 0


def _corrupt(change: Callable[[Balance], Balance]) -> Any:
    translate = rows.translate
    return lambda *args, **kwargs: change(translate(*args, **kwargs))


def _last_digit(row: Balance) -> Balance:
    assert row.wallet_balance is not None
    unit = Decimal((0, (1,), int(row.wallet_balance.as_tuple().exponent)))
    return evolve(row, wallet_balance=row.wallet_balance + unit)


def _fewer_zeros(row: Balance) -> Balance:
    assert row.max_withdraw is not None
    return evolve(row, max_withdraw=row.max_withdraw.normalize())


class TestJudge:
    """
    Each defect that is made on purpose is found.
    """

    SEEDS: Iterable[int] = range(1, 33)
    SIZE = 20

    def found(self) -> str:
        for seed in self.SEEDS:
            try:
                run(seed, self.SIZE)
            except SimulationError as error:
                return str(error)
        return ""

    def test_digit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        An amount that is one unit of the last digit off.
        """
        monkeypatch.setattr(usdm, "translate", _corrupt(_last_digit))

        assert "wallet_balance of" in self.found()

    def test_zeros(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        An amount of the same value with fewer digits.
        """
        monkeypatch.setattr(usdm, "translate", _corrupt(_fewer_zeros))

        assert "max_withdraw of" in self.found()

    def test_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Rate limits that nobody keeps.
        """
        monkeypatch.setattr(Gate, "wait", lambda *_: 0)
        # In this world, an account has many names.
        monkeypatch.setattr(self.__class__, "SEEDS", [21])
        monkeypatch.setattr(self.__class__, "SIZE", 40)

        assert "of ours in a period" in self.found()

    def test_stop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A refusal that nobody heeds.
        """
        monkeypatch.setattr(Host, "stopped_for", lambda *_: 0.0)
        monkeypatch.setattr(Host, "stop", lambda _, until, *__: until)

        assert "though it had said not before" in self.found()

    def test_kind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A failure of the wrong kind.
        """
        monkeypatch.setattr(UnavailableError, "kind", "permission")

        assert "failed as permission" in self.found()

    def test_deadline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A deadline that is taken for a later one.
        """
        remaining = Deadline.remaining
        monkeypatch.setattr(Deadline, "remaining", lambda deadline: remaining(deadline) + 0.3)

        assert " s after the start, of " in self.found()

    def test_gives_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        An account that nothing happened to, and that failed.
        """
        monkeypatch.setattr(VenueClock, "correct", lambda *_: False)

        assert "failed as c" in self.found()

    def test_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A secret in a remark.
        """
        monkeypatch.setattr(promises, "drift", lambda _: [f"The secret is {MARK}."])

        assert "a secret is in the report" in self.found()

    def test_audit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        What marginbook's own check of a report finds.
        """
        monkeypatch.setattr(BalanceReport, "totals", lambda _: {})

        assert "AuditError" in self.found()

    def test_locks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A lock of another symbol.
        """
        lock = futures.lock
        monkeypatch.setattr(futures, "lock", lambda *args: evolve(lock(*args), symbol="ANOTHER"))

        assert "the locks are not those that were told" in self.found()

    def test_lost_row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A row that is not there.
        """
        fetch = gateway.FEXGATE.fetch
        monkeypatch.setattr(
            marginbook_fexgate, "FEXGATE", evolve(gateway.FEXGATE, fetch=lambda *args: _first_row(fetch(*args)))
        )

        assert "has rows of [" in self.found()

    def test_no_note_of_drift(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A field that nobody knows, and nobody is told of.
        """
        monkeypatch.setattr(promises, "drift", lambda _: [])

        assert "has no note of the field that nobody knows" in self.found()

    def test_no_note_of_the_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A local clock that is hours off, and nobody is told of it.
        """
        monkeypatch.setattr(asking.Visit, "_mention_clock", lambda _, statement: statement)

        assert "has no note of the clock" in self.found()

    def test_totals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Totals that are those of nothing, if marginbook's own check slept.
        """
        monkeypatch.setattr(collecting, "audit", lambda *_: None)
        monkeypatch.setattr(BalanceReport, "totals", lambda _: {})

        assert "the totals are of other assets" in self.found()

    def test_sums(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Sums that count a row twice, and do not say who is missing.
        """
        monkeypatch.setattr(collecting, "audit", lambda *_: None)
        monkeypatch.setattr(
            BalanceReport, "totals", lambda report: totals((*report.balances, *report.balances[:1]), [])
        )

        found = self.found()

        assert "the total of " in found
        assert "names others as missing" in found

    def test_written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A report that is another one after it was read.
        """
        monkeypatch.setattr(BalanceReport, "from_dict", lambda _: None)

        assert "another one after it was written and read" in self.found()

    def test_runaway(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Threads that look at each other without end.
        """
        monkeypatch.setattr(VenueClock, "correct", _never)

        assert "RunawayError" in self.found()

    def test_one_lane(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Workers that a stalled venue keeps from asking the others.
        """
        monkeypatch.setattr(worlds, "_lane", lambda account, *_: ("one", account.name))
        monkeypatch.setattr(self.__class__, "SEEDS", range(0, 400, 8))
        # So that rows are all that is looked at.
        monkeypatch.setattr(Case, "problems", lambda *_, **__: iter(()))

        assert "changed the rows of another" in self.found()


def _first_row(statement: Statement) -> Statement:
    return evolve(statement, balances=statement.balances[:1])


def _never(*given: Any) -> bool:
    _, _, _, machine, _ = given
    while True:
        machine.sleep(0)


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """
    The command says what was done.
    """
    assert 0 == command.main(["--seed", "3", "--size", "5"])
    assert "1 seeds" in capsys.readouterr().out


def test_command_of_many(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Several processes share the work.
    """
    assert 0 == command.main(["--processes", "2", "--fetches", "200", "--size", "4"])
    assert " fetches a second" in capsys.readouterr().out


def test_no_seed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each seed is run once.
    """
    monkeypatch.setattr(command, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(command, "_run", lambda seed, _: Figures(outcomes=Counter([str(seed)])))

    found = Figures()
    for figures in command._runs(range(20), 1, 3):
        found.add(figures)

    assert Counter(map(str, range(20))) == found.outcomes


def test_command_that_fails(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It fails with the seed, and with the command that runs it alone.
    """
    monkeypatch.setattr(usdm, "translate", _corrupt(_last_digit))

    assert 1 == command.main(["--first", "1", "--size", "40", "--fetches", "5000"])
    assert "python -m simulation --seed 1 --size 40\n" in capsys.readouterr().out
