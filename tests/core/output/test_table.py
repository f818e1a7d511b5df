"""
The table for people.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from marginbook import Balance, BalanceReport, Failure, Note, View
from marginbook.output import table
from marginbook.values import plain


def balance(account: str, asset: str, **fields: Any) -> Balance:
    return Balance(account=account, venue="acme", asset=asset, **fields)


def report(*accounts: str, **parts: Any) -> BalanceReport:
    times = {"started_at": "2026-07-01T12:00:00Z", "finished_at": "2026-07-01T12:00:01Z"}
    return BalanceReport(**{"accounts": dict.fromkeys(accounts, "acme"), **times, **parts})


BOOK: Final = report(
    "desk-a",
    "desk-b",
    "desk-c",
    "desk-d",
    balances=[
        balance("desk-a", "USDT", wallet_balance="100.50", equity="99.25", derived={"equity": "x"}, notes=["First."]),
        balance("desk-a", "BTC", wallet_balance="0.00000001", notes=["Second.", "First."]),
        balance("desk-b", "USDT", wallet_balance="9007199254740993.123456789012345678", max_withdraw="0"),
    ],
    failures=[
        Failure(
            account="desk-d",
            venue="acme",
            kind="rate_limited",
            message="Too many.",
            hint="Wait.",
            until="2026-07-01T12:30:00Z",
        )
    ],
    notes=[Note(account="", message="Odd."), Note(account="desk-b", message="Even.")],
)

WIDE: Final = """\
INCOMPLETE: 3 of 4 accounts, 2026-07-01 12:00:00 UTC. Missing:
  desk-d (acme): rate_limited: Too many. Wait. Not before 2026-07-01 12:30:00 UTC.
desk-c: the venue reports no assets.

 account         asset                                 wallet   unrealized PnL   equity   initial margin   available   withdrawable   notes
 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
 desk-a (acme)   BTC                               0.00000001                ?        ?                ?           ?              ?   [1][2]
                 USDT                                  100.50                ?   99.25*                ?           ?              ?   [2]

 desk-b (acme)   USDT     9007199254740993.123456789012345678                ?        ?                ?           ?              0

Totals WITHOUT desk-d

 total   accounts                                      wallet   unrealized PnL   equity   initial margin   available   withdrawable
 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
 BTC     1 + 1 missing                             0.00000001                ?        ?                ?           ?              ?
 USDT    2 + 1 missing    9007199254741093.623456789012345678                ?        ?                ?           ?              ?

Odd.
desk-b: Even.
[1] Second.
[2] First.
? not known   * derived from what the venue reported"""  # noqa: E501  # a wide table

NARROW: Final = """\
INCOMPLETE: 3 of 4 accounts, 2026-07-01 12:00:00 UTC. Missing:
  desk-d (acme): rate_limited: Too many. Wait. Not before 2026-07-01 12:30:00 UTC.
desk-c: the venue reports no assets.

desk-a (acme) BTC [1][2]
  wallet          0.00000001
  unrealized PnL  ?
  equity          ?
  initial margin  ?
  available       ?
  withdrawable    ?

desk-a (acme) USDT [2]
  wallet          100.50
  unrealized PnL  ?
  equity          99.25*
  initial margin  ?
  available       ?
  withdrawable    ?

desk-b (acme) USDT
  wallet          9007199254740993.123456789012345678
  unrealized PnL  ?
  equity          ?
  initial margin  ?
  available       ?
  withdrawable    0

Totals WITHOUT desk-d

total BTC, accounts: 1 + 1 missing
  wallet          0.00000001
  unrealized PnL  ?
  equity          ?
  initial margin  ?
  available       ?
  withdrawable    ?

total USDT, accounts: 2 + 1 missing
  wallet          9007199254741093.623456789012345678
  unrealized PnL  ?
  equity          ?
  initial margin  ?
  available       ?
  withdrawable    ?

Odd.
desk-b: Even.
[1] Second.
[2] First.
? not known   * derived from what the venue reported
"""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """
    Standard output is a terminal without colours.
    """
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("LINES", "25")
    return monkeypatch


def shown(capsys: pytest.CaptureFixture[str], found: BalanceReport = BOOK) -> str:
    table.show(View(found))
    return "".join(f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines())


def test_a_report_is_a_table() -> None:
    """
    The whole text: what is missing first, then the rows, the totals without what is missing, and the remarks.
    """
    assert WIDE.splitlines() == str(BOOK).splitlines()
    assert WIDE == str(BOOK)


def test_a_file_gets_the_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is no terminal has no width.
    """
    monkeypatch.setenv("COLUMNS", "40")

    assert f"{WIDE}\n" == shown(capsys)


def test_a_wide_terminal_gets_the_table(capsys: pytest.CaptureFixture[str], terminal: pytest.MonkeyPatch) -> None:
    """
    A table that fits is a table.
    """
    terminal.setenv("COLUMNS", "141")

    assert f"{WIDE}\n" == shown(capsys)


@pytest.mark.parametrize("columns", ["20", "80", "140"])
def test_a_narrow_terminal_gets_a_list(
    capsys: pytest.CaptureFixture[str], terminal: pytest.MonkeyPatch, columns: str
) -> None:
    """
    A table that does not fit is a list with a figure a line.
    """
    terminal.setenv("COLUMNS", columns)

    assert NARROW == shown(capsys)


@pytest.mark.parametrize("columns", [*range(1, 40), *range(40, 260, 7), 141])
def test_no_digit_is_cut(capsys: pytest.CaptureFixture[str], terminal: pytest.MonkeyPatch, columns: int) -> None:
    """
    At any width, every figure stands on one line with all its digits.
    """
    terminal.setenv("COLUMNS", str(columns))
    text = shown(capsys)
    digits = re.findall(r"(?<=\s)-?\d+\.\d+(?=[\s*])", text)

    assert text.startswith("INCOMPLETE: 3 of 4 accounts")
    assert sorted(digits) == sorted(
        [
            *(plain(b.wallet_balance) for b in BOOK.balances if b.wallet_balance is not None),
            *(plain(t.wallet_balance) for t in BOOK.totals().values() if t.wallet_balance is not None),
            "99.25",
        ]
    )


def test_colours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Colours add to the text, and change nothing of it.
    """
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("TERM", "xterm-256color")
    text = shown(capsys)

    assert "\x1b[1;31mINCOMPLETE" in text
    assert f"{WIDE}\n" == "".join(f"{line.rstrip()}\n" for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines())


def test_a_complete_report() -> None:
    """
    Nothing is missing, and nothing says so.
    """
    text = str(report("a", balances=[balance("a", "USDT", wallet_balance="1.0")]))

    assert "Complete: 1 of 1 accounts, 2026-07-01 12:00:00 UTC" == text.splitlines()[0]
    assert " USDT    1             1.0 " in text
    assert "WITHOUT" not in text
    assert "missing" not in text.lower()


def test_no_rows() -> None:
    """
    Without rows there is no table, but everybody who was asked is there.
    """
    empty = [f"{name}: the venue reports no assets." for name in "abcdefgh"]
    assert ["Complete: 8 of 8 accounts, 2026-07-01 12:00:00 UTC", *empty] == str(report(*"hgfedcba")).splitlines()
    failed = Failure(account="a", venue="acme", kind="timeout", message="It hangs.")
    assert "INCOMPLETE: 0 of 1 accounts, 2026-07-01 12:00:00 UTC. Missing:\n  a (acme): timeout: It hangs." == (
        str(report("a", failures=[failed]))
    )


def test_names_are_no_markup() -> None:
    """
    A name with brackets, a colon or an address in it is printed as it is.
    """
    asset, name = "[bold]USD[/]", ":smile: [red]x"
    text = str(report(name, balances=[balance(name, asset, wallet_balance="1", notes=["[b]Odd[/b]."])]))

    assert f" {name} (acme)   {asset} " in text
    assert "[1] [b]Odd[/b]." in text


def test_zero_and_unknown() -> None:
    """
    Zero has digits, and what is not known has a question mark.
    """
    text = str(report("a", balances=[balance("a", "X", wallet_balance="0.00", equity="-0")]))
    (line,) = (line for line in text.splitlines() if line.startswith(" a (acme)"))

    assert ["a", "(acme)", "X", "0.00", "?", "-0", "?", "?", "?"] == line.split()
