"""
The newest report, and the thread that makes it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from attrs import define, field

from machines import Hands
from marginbook import AuditError, BalanceReport, Note
from marginbook.serving import Keeper, Newest

if TYPE_CHECKING:
    from tests.core.serving.conftest import Served


@define
class Attempts:
    """
    What each attempt to make a report comes to, one after the other, and the last again and again.
    """

    outcomes: list[BalanceReport | Exception]
    made: int = 0
    told: list[Newest] = field(factory=list)
    #: Set once all outcomes were had.
    done: threading.Event = field(factory=threading.Event)

    def make(self) -> BalanceReport:
        outcome = self.outcomes[min(self.made, len(self.outcomes) - 1)]
        self.made += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def say(self, newest: Newest) -> None:
        self.told.append(newest)
        if len(self.told) >= len(self.outcomes):
            self.done.set()

    def keep(self) -> Keeper:
        """
        Make them, as fast as can be, and stop.
        """
        with Keeper(self.make, 0.001, Hands().machine(), self.say) as keeper:
            assert self.done.wait(10)
        return keeper


def test_before_the_first_report(served: Served) -> None:
    """
    There is no report, which is a problem, but not an old report.
    """
    newest = served.newest

    assert (None, 0, "") == (newest.told(), newest.age, newest.stale)
    assert ["There is no report yet."] == newest.problems


def test_a_fresh_report(served: Served) -> None:
    """
    For three intervals, it is told as it is.
    """
    made = served.make()
    served.hands.passed = 30

    assert made is served.newest.told()
    assert (30, "", []) == (served.newest.age, served.newest.stale, served.newest.problems)


def test_an_incomplete_report(served: Served) -> None:
    """
    Each account that is missing is a problem, and the report says so itself.
    """
    made = served.make("b", "c")

    assert made is served.newest.told()
    assert [
        "b (acme): timeout: It was late. Wait.",
        "c (acme): timeout: It was late. Wait.",
    ] == served.newest.problems


def test_an_old_report(served: Served) -> None:
    """
    After three intervals, it has a note on top.
    """
    made = served.make("b")
    served.hands.passed = 30.5
    stale = "STALE: this report was made 30 s ago, one is due every 10 s."
    told = served.newest.told()

    assert told is not None
    assert (Note(account="", message=stale), *made.notes) == told.notes
    assert made.balances == told.balances
    assert [stale, "b (acme): timeout: It was late. Wait."] == served.newest.problems


def test_a_report_that_could_not_be_made_anew(served: Served) -> None:
    """
    It is stale at once, and says why.
    """
    served.make(trouble="The report contradicts itself.")

    assert (
        "STALE: this report was made 0 s ago, one is due every 10 s, and the last attempt failed:"
        " The report contradicts itself." == served.newest.stale
    )


def test_reports_are_made_again_and_again(served: Served) -> None:
    """
    Each report takes the place of the last.
    """
    reports = [served.make(), served.make("b"), served.make()]
    attempts = Attempts(list(reports))
    keeper = attempts.keep()

    assert reports == [newest.report for newest in attempts.told[:3]]
    assert ([], "") == (keeper.newest.problems, keeper.newest.trouble)


def test_a_report_that_fails(served: Served) -> None:
    """
    The last report is kept, with the reason; the next one that succeeds ends that.
    """
    made = served.make()
    attempts = Attempts([AuditError("Contradiction.", hint="Tell us."), made, AuditError("Again."), made])
    attempts.keep()
    first, second, third, fourth = attempts.told[:4]

    assert (None, ["Contradiction. Tell us."]) == (first.report, first.problems)
    assert (made, []) == (second.report, second.problems)
    assert (made, "Again.", True) == (third.report, third.trouble, "failed: Again." in third.stale)
    assert (made, []) == (fourth.report, fourth.problems)


def test_a_defect(served: Served) -> None:
    """
    Not even a defect of ours ends the thread, and what its text says is told nobody.
    """
    made = served.make()
    attempts = Attempts([made, RuntimeError("canary"), made])
    attempts.keep()

    assert "RuntimeError. Start it again, and report this." == attempts.told[1].trouble
    assert made is attempts.told[2].report


def test_the_time_between_reports(served: Served) -> None:
    """
    A report begins an interval after the last one began, and one that takes longer is followed by the next at once.
    """
    hands, begun, made, done = Hands(), [0.0], served.make(), threading.Event()

    def make() -> BalanceReport:
        # As time stands still otherwise, each wait would be for the whole interval if this took none.
        hands.passed += 3600
        return made

    def say(newest: Newest) -> None:
        begun.append(newest.begun)
        if len(begun) > 3:
            done.set()

    with Keeper(make, 3600, hands.machine(), say):
        assert done.wait(10)

    assert [0, 0, 3600, 7200] == begun[:4]


def test_stopping(served: Served) -> None:
    """
    Whoever closes it waits for no report, and none is begun after.
    """
    begun, hang = threading.Event(), threading.Event()
    made = served.make()

    def make() -> BalanceReport:
        begun.set()
        hang.wait(10)
        return made

    attempts = Attempts([made])
    with Keeper(make, 3600, Hands().machine(), attempts.say) as keeper:
        assert begun.wait(10)
    assert keeper.newest.report is None
    hang.set()

    assert attempts.done.wait(10)
    keeper._thread.join(10)
    assert (1, False) == (len(attempts.told), keeper._thread.is_alive())
