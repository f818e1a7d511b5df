"""
What ``marginbook watch`` draws.
"""

from __future__ import annotations

import io
from typing import Any, Final

import pytest
from rich.console import Console

from marginbook import Balance, BalanceReport, Failure, Note
from marginbook.cli.picture import Picture
from marginbook.watching import Watched


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def report(minute: int, *balances: Balance, failed: str = "", notes: tuple[Note, ...] = ()) -> BalanceReport:
    return BalanceReport(
        accounts=dict.fromkeys("abc", "acme"),
        balances=balances,
        failures=[
            Failure(account=name, venue="acme", kind="timeout", message="Late.", hint="Wait.") for name in failed
        ],
        notes=notes,
        started_at=f"2026-07-01T12:{minute:02}:00Z",
        finished_at=f"2026-07-01T12:{minute:02}:01Z",
    )


FIRST: Final = report(
    0,
    balance("a", "BTC", wallet_balance="0.5", equity="0.5"),
    balance("a", "USDT", wallet_balance="100.50", unrealized_pnl="-1", equity="99.50", derived={"equity": "x"}),
    balance("b", "BTC", wallet_balance="7", available_balance="7"),
    balance("b", "USDT", wallet_balance="2", equity="2", derived={"equity": "x"}, notes=["Odd."]),
    failed="c",
)
SECOND: Final = report(
    1,
    balance("a", "ETH", wallet_balance="1"),
    balance("a", "USDT", wallet_balance="100.5", unrealized_pnl="2", equity="102.50", derived={"equity": "x"}),
    balance("b", "BTC", wallet_balance="6.75", available_balance="6.75"),
    balance("b", "USDT", wallet_balance="2", equity="2", derived={"equity": "x"}, notes=["Odd."]),
    failed="c",
)
THIRD: Final = report(
    3,
    balance("a", "ETH", wallet_balance="1"),
    balance(
        "a", "USDT", wallet_balance="90", unrealized_pnl="2", equity="92", notes=["Even."], derived={"equity": "x"}
    ),
    failed="bc",
    notes=(Note(account="", message="All."), Note(account="a", message="One.")),
)


def picture(*reports: BalanceReport, **settings: Any) -> Picture:
    watched = Watched()
    for one in reports:
        watched = watched.after(one)
    return Picture(**{"watched": watched, "age": 5.0, "every": 60.0, "asked": 3, **settings})


WHOLE: Final = """\
INCOMPLETE: 1 of 3 accounts, 2026-07-01 12:03:00 UTC, 5 s ago, every 60 s. Missing:
  b (acme): timeout: Late. Wait.
  c (acme): timeout: Late. Wait.
Slower.

 account    asset   wallet   change   unrealized PnL   equity   change   available   withdrawable   state                      notes
 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
 a (acme)   BTC      (0.5)                         ?    (0.5)                    ?              ?   VANISHED, read 3 min ago
            ETH          1        0                ?        ?        ?           ?              ?   new 12:01:00
            USDT        90   -10.50                2      92*    -7.50           ?              ?                              [1]

 b (acme)   BTC     (6.75)                         ?        ?               (6.75)              ?   STALE, read 2 min ago
            USDT       (2)                         ?     (2*)                    ?              ?   STALE, read 2 min ago      [2]

Totals WITHOUT b, c

 total   accounts        wallet   change   unrealized PnL   equity   change   available   withdrawable
 ─────────────────────────────────────────────────────────────────────────────────────────────────────
 ETH     1 + 2 missing        1        ?                ?        ?        ?           ?              ?
 USDT    1 + 2 missing       90        ?                2       92        ?           ?              ?

All.
a: One.
[1] Even.
[2] Odd.
Changes are since 2026-07-01 12:00:00 UTC, or since a row was first read.   ? not known   * derived   ( ) last known, and not the present
"""  # noqa: E501  # a wide table


def test_as_text() -> None:
    """
    What is missing first, then each row with its changes and its state, then the totals of what is known.
    """
    assert WHOLE == picture(FIRST, SECOND, THIRD, note="Slower.").text()


def test_every_amount_that_is_not_the_present_stands_in_brackets() -> None:
    """
    Whoever sees no colours sees it as well.
    """
    lines = picture(FIRST, SECOND, THIRD).text().splitlines()
    stale = [line for line in lines if "STALE" in line or "VANISHED" in line]

    assert 3 == len(stale)
    assert [[], [], []] == [
        [word for word in line.partition("read")[0].split()[1:] if word[0].isdecimal()] for line in stale
    ]


def test_complete_reports() -> None:
    """
    Nothing is missing, nothing is stale, and nothing has changed yet.
    """
    text = picture(report(0, balance("a", "USDT", wallet_balance="1.50"))).text()
    row = next(line for line in text.splitlines() if line.startswith(" a (acme)"))

    assert text.startswith("Complete: 3 of 3 accounts, 2026-07-01 12:00:00 UTC, 5 s ago, every 60 s\n")
    assert ["a", "(acme)", "USDT", "1.50", "0", "?", "?", "?", "?", "?"] == row.split()
    assert "WITHOUT" not in text
    assert "STALE" not in text


def test_gains() -> None:
    """
    A change has its sign.
    """
    text = picture(FIRST, SECOND).text()

    assert ["USDT", "100.5", "0", "2", "102.50*", "+3.00", "?", "?"] == next(
        line.split() for line in text.splitlines() if "102.50*" in line
    )


def test_old_reports() -> None:
    """
    After three intervals without a newer one, that is said on top, whatever it is that hangs.
    """
    old = "STALE: nothing newer has come for 3 min. These are not the present figures."

    assert old not in picture(FIRST, age=180.0).text()
    assert old == picture(FIRST, age=180.5).text().splitlines()[1]


def test_before_the_first_report() -> None:
    """
    Who waits is told for what.
    """
    assert "Asking 3 accounts.\n" == picture().text()


def test_no_rows() -> None:
    """
    Where no account could be read, there are no tables.
    """
    text = picture(report(0, failed="abc")).text()

    assert "INCOMPLETE: 0 of 3 accounts" in text
    assert "─" not in text


def on_a_terminal(shown: Picture, width: int, height: int) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width, height=height, color_system=None, legacy_windows=False)
    console.print(shown)
    return stream.getvalue().splitlines()


def test_a_large_terminal() -> None:
    """
    Everything is shown, and nothing is said of what is not.
    """
    shown = picture(FIRST, SECOND, THIRD)

    assert shown.text().split() == " ".join(on_a_terminal(shown, 200, 60)).split()


@pytest.mark.parametrize("height", [5, 10, 20])
def test_a_low_terminal(height: int) -> None:
    """
    What does not fit is counted in the last line; what is missing from the report stands on top.
    """
    shown = picture(FIRST, SECOND, THIRD)
    whole, cut = on_a_terminal(shown, 200, 60), on_a_terminal(shown, 200, height)
    hidden = len(whole) - height + 1

    assert whole[: height - 1] == cut[:-1]
    assert f"{hidden} more lines do not fit. Enlarge the window, or name accounts with --only." == cut[-1]


def test_a_terminal_of_just_that_height() -> None:
    """
    No line is lost for saying that none is.
    """
    shown = picture(FIRST, SECOND, THIRD)
    whole = on_a_terminal(shown, 200, 60)

    assert whole == on_a_terminal(shown, 200, len(whole))


def test_a_narrow_terminal() -> None:
    """
    A table that is too wide becomes a list, a figure a line, with all digits.
    """
    digits = "9007199254740993.123456789012345678901"
    first = report(0, balance("a", "USDT", wallet_balance="0.000000000000000000001"), failed="c")
    second = report(1, balance("a", "USDT", wallet_balance=digits, notes=["Odd."]), failed="c")
    lines = [line.rstrip() for line in on_a_terminal(picture(first, second), 60, 60)]
    start = lines.index("a (acme) USDT [1]")

    assert [
        "a (acme) USDT [1]",
        "  wallet          9007199254740993.123456789012345678901",
        "change +9007199254740993.123456789012345678900",
        "  unrealized PnL  ?",
        "  equity          ?  change ?",
        "  available       ?",
        "  withdrawable    ?",
        "",
        "total USDT, accounts: 1 + 1 missing",
        "  wallet          9007199254740993.123456789012345678901",
    ] == lines[start : start + 10]


def test_a_narrow_terminal_and_what_is_not_the_present() -> None:
    """
    Here, too, the state stands beside the name, and nothing that is not the present without brackets.
    """
    lines = [line.rstrip() for line in on_a_terminal(picture(FIRST, SECOND, THIRD), 70, 90)]

    assert "b (acme) BTC  STALE, read 2 min ago" in lines
    assert "a (acme) ETH  new 12:01:00" in lines
    start = lines.index("a (acme) BTC  VANISHED, read 3 min ago")
    assert ["  wallet          (0.5)", "  unrealized PnL  ?", "  equity          (0.5)"] == lines[start + 1 : start + 4]
