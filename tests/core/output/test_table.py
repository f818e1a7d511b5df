"""
The table for people.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from books import summary
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


MIXED: Final = report(
    "a",
    "b",
    "c",
    balances=[
        balance("a", "USDT", wallet_balance="1.5", equity="1.5", maintenance_margin="0.3"),
        balance("a", "BNB", wallet_balance="0.00", equity="0", notes=["Never held."]),
        balance("b", "USDT", wallet_balance="2"),
        Balance(account="c", venue="zeta", asset="BTC", wallet_balance="4"),  # type: ignore[arg-type]  # it is converted
        Balance(account="c", venue="zeta", asset="USDT", wallet_balance="0.0", available_balance="7"),  # type: ignore[arg-type]  # likewise
    ],
    accounts={"a": "acme", "b": "acme", "c": "zeta", "d": "zeta", "e": "lost"},
    failures=[
        Failure(account="d", venue="zeta", kind="timeout", message="It hangs."),
        Failure(account="e", venue="lost", kind="timeout", message="It hangs."),
    ],
)


HEADINGS: Final = "wallet unrealized PnL equity initial margin maint. margin margin ratio available withdrawable notes"


def lines(text: str) -> list[list[str]]:
    """
    The words of each line that holds some, the head of the report left out.
    """
    return [words for line in text.splitlines()[3:] if (words := line.split()) and set(line) != {"─", " "}]


def test_zero_rows_are_folded_and_counted() -> None:
    """
    A row whose wallet is known, and where each figure that is known is zero, is folded on request, with its remarks.
    """
    folded, whole = (table.write(View(MIXED, zeros=zeros)) for zeros in (False, True))

    assert "BNB" not in folded
    assert "Never held." not in folded
    assert "Folded, since each figure that is known of them is zero: 1 rows. --zeros shows them." in folded
    assert ["BNB", "0.00", "?", "0", "?", "?", "?", "?", "?", "[1]"] == next(w for w in lines(whole) if "BNB" in w)[2:]
    assert "Folded" not in whole


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"wallet_balance": "0", "cross_wallet_balance": "0.00"}, True),
        ({"wallet_balance": "-0"}, True),
        ({}, False),
        ({"equity": "0"}, False),
        ({"wallet_balance": "0", "order_margin": "-0.1"}, False),
        ({"wallet_balance": "0", "cross_unrealized_pnl": "1E-8"}, False),
        ({"wallet_balance": "0.00000001"}, False),
    ],
)
def test_what_is_folded(figures: dict[str, str], expected: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """
    A figure that is not zero keeps its row, and so does a wallet that nobody knows.
    """
    text = table.write(View(report("a", balances=[balance("a", "XYZ", **figures)]), zeros=False))

    assert expected is ("XYZ" not in text)
    assert expected is ("Folded" in text)


def test_by_venue() -> None:
    """
    The rows of a venue stand together, and so do its sums; a venue of which nothing could be read has a line.
    """
    assert [
        f"venue account asset {HEADINGS}",
        "acme a USDT 1.5 ? 1.5 ? 0.3 20.00 % ? ?",
        "b USDT 2 ? ? ? ? ? ? ?",
        "zeta c BTC 4 ? ? ? ? ? ? ?",
        "c USDT 0.0 ? ? ? ? ? 7 ?",
        "Totals WITHOUT d, e",
        "total of asset accounts wallet unrealized PnL equity initial margin available withdrawable",
        "acme USDT 2 3.5 ? ? ? ? ?",
        "zeta BTC 1 + 1 missing 4 ? ? ? ? ?",
        "USDT 1 + 1 missing 0.0 ? ? ? 7 ?",
        "lost ? 0 + 1 missing ? ? ? ? ? ?",
        "Totals WITHOUT d, e",
        "total accounts wallet unrealized PnL equity initial margin available withdrawable",
        "BTC 1 + 2 missing 4 ? ? ? ? ?",
        "USDT 3 + 2 missing 3.5 ? ? ? ? ?",
    ] == [" ".join(words) for words in lines(table.write(View(MIXED, by="venue", zeros=False)))][:-3]


def test_by_asset() -> None:
    """
    The rows of an asset stand together, whoever holds it.
    """
    assert [
        f"asset account {HEADINGS}",
        "BTC c (zeta) 4 ? ? ? ? ? ? ?",
        "USDT a (acme) 1.5 ? 1.5 ? 0.3 20.00 % ? ?",
        "b (acme) 2 ? ? ? ? ? ? ?",
        "c (zeta) 0.0 ? ? ? ? ? 7 ?",
    ] == [" ".join(words) for words in lines(table.write(View(MIXED, by="asset", zeros=False)))][:5]


def test_sums_hold_what_is_folded() -> None:
    """
    A row that is folded may have a figure that is not known, and then the sum is not known either.
    """
    rows = [balance("a", "X", wallet_balance="1", equity="1"), balance("b", "X", wallet_balance="0")]
    text = table.write(View(report("a", "b", balances=rows), by="venue", zeros=False))

    assert ["acme X 2 1 ? ? ? ? ?", "X 2 1 ? ? ? ? ?"] == [
        " ".join(line.split()) for line in text.splitlines() if "X       2" in line or "X     2" in line
    ]


def test_a_venue_whose_rows_are_folded() -> None:
    """
    Its account that could not be read is missing from the report, but it is not one of which nothing could be read.
    """
    found = report(
        accounts={"a": "acme", "b": "acme"},
        balances=[balance("a", "X", wallet_balance="0")],
        failures=[Failure(account="b", venue="acme", kind="timeout", message="It hangs.")],
    )

    assert "total of" not in table.write(View(found, by="venue", zeros=False))
    assert "b (acme): timeout: It hangs." in table.write(View(found, by="venue", zeros=False))


def test_ratios_are_rounded_upwards() -> None:
    """
    No account looks safer than it is: a ratio is shown in percent, rounded upwards, and said to be.
    """
    small = balance("a", "A", equity="900000", maintenance_margin="0.01")
    large = balance("a", "B", equity="0.1", maintenance_margin="1" + "0" * 60)
    text = table.write(View(report("a", balances=[small, large])))

    assert "0.01 %" in text
    assert f"1{'0' * 63}.00 %" in text
    assert "margin ratio: maintenance margin by equity, rounded up; liquidation is at 100 %" in text
    assert "%" not in str(BOOK)


def test_ratios_of_one_collateral() -> None:
    """
    Where an account is one collateral as a whole, its rows have no ratio: theirs would say nothing.
    """
    rows = [balance("a", "A", equity="100", maintenance_margin="90")]
    whole = summary("a", "acme", equity="5000", maintenance_margin="90")
    text = table.write(View(report("a", balances=rows, summaries=[whole])))

    assert ("90.00 %" in text, "1.80 %" in text) == (False, True)


def test_whole_accounts() -> None:
    """
    What venues say of whole accounts is a table of its own, which says that it is added to nothing.
    """
    summaries = [
        summary(
            "a",
            "acme",
            mode="multi-assets",
            status="NORMAL",
            adjusted_equity="80",
            maintenance_margin="60.01",
            notes=["Of the whole."],
        ),
        summary("b", "acme", asset="USDT"),
    ]
    text = table.write(View(report("a", "b", balances=[balance("a", "X", notes=["First."])], summaries=summaries)))
    at = text.index("Whole accounts")

    assert [
        "Whole accounts, as their venues count them: a check on the rows, and never added to them.",
        f"account assets mode status {HEADINGS.replace('equity', 'equity adjusted equity')}",
        "a (acme) all in USD multi-assets NORMAL ? ? ? 80 ? 60.01 75.02 % ? ? [2]",
        "b (acme) USDT in USD ? ? ? ? ? ? ? ? ? ? ?",
    ] == [" ".join(line.split()) for line in text[at:].splitlines() if line.strip(" ─")][:4]
    assert "[2] Of the whole." in text
    assert "adjusted equity" not in text[:at]


def test_whole_accounts_on_a_narrow_terminal(capsys: pytest.CaptureFixture[str], terminal: pytest.MonkeyPatch) -> None:
    """
    They are a list there as well.
    """
    terminal.setenv("COLUMNS", "60")
    found = report("a", summaries=[summary("a", "acme", equity="5", maintenance_margin="1")])
    text = shown(capsys, found)

    assert "\n\nwhole account a (acme) all in USD, mode ?, status ?\n  wallet          ?\n" in text
    assert "\n  maint. margin   1\n  margin ratio    20.00 %\n" in text
    assert "total" not in text


def test_views_on_a_narrow_terminal(capsys: pytest.CaptureFixture[str], terminal: pytest.MonkeyPatch) -> None:
    """
    A list has the order of the view.
    """
    terminal.setenv("COLUMNS", "40")
    table.show(View(MIXED, by="asset", zeros=False))
    heads = [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith(" ")]

    assert ["BTC c (zeta)", "USDT a (acme)", "USDT b (acme)", "USDT c (zeta)", "Totals WITHOUT d, e"] == heads[1:6]
    assert "total USDT, accounts: 3 + 2 missing" in heads
