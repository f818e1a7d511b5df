"""
The page for a browser, as text. What a browser makes of it is tested in tests/browser.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal, localcontext
from typing import Any, Final

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from marginbook import Balance, Failure, Lock, exact
from marginbook.output import View, page
from marginbook.output.page import markup
from marginbook.output.page.tables import Row, Table, name, words
from marginbook.registry import installed
from marginbook.report import Valuation
from marginbook.values import AMOUNTS, SUMMARY_AMOUNTS, Summary, plain
from reading import Read, read
from scenes import COMPLETE, EMPTY, FAILED, LONG, PAGES, PLAIN, RICH, SCRIPT, VALUED, large, price, report, whole

#: The sections that show sums.
SUMS: Final = ("value", "exposure", "totals", "values")


def opened(view: View) -> Read:
    return read(page.write(view))


def shown(view: View, section: str) -> str:
    return opened(view).texts[section]


def held(account: str, asset: str, venue: str = "acme", **fields: Any) -> Balance:
    return Balance(account=account, venue=venue, asset=asset, **fields)


def of(*balances: Balance, **parts: Any) -> View:
    return View(report({b.account: b.venue for b in balances}, balances=balances, **parts))


def cell(amount: Decimal | None, basis: str | None) -> str:
    if amount is None:
        return "?"
    return plain(amount) if basis == "reported" else f"{plain(amount)}*"


@pytest.mark.parametrize("view", [VALUED, PLAIN, COMPLETE], ids=["valued", "plain", "complete"])
def test_every_figure_is_there_digit_for_digit(view: View) -> None:
    """
    A row a balance, with each amount as it is, and a word on those amounts that no row knows.
    """
    found = {(row["account"], row["asset"]): row for row in opened(view).rows("rows")}
    caption = opened(view).texts["rows-caption"]
    for balance in view.report.balances:
        row = found[balance.account, balance.asset]
        for figure in AMOUNTS:
            heading = markup.label(figure)
            if heading in row:
                assert cell(getattr(balance, figure), balance.basis.get(figure)) == row[heading]
            else:
                assert heading in caption.partition("Not known of any row: ")[2]
                assert getattr(balance, figure) is None


@given(st.lists(st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=18), min_size=11, max_size=11))
def test_every_digit_survives(amounts: list[Decimal | None]) -> None:
    """
    What is written and read again is the very same amount, and what is not known has a question mark or no column.
    """
    fields: dict[str, Any] = dict(zip(AMOUNTS, amounts, strict=True))
    (row,) = opened(of(held("a", "X", **fields))).rows("rows")

    assert {figure: None if amount is None else amount.as_tuple() for figure, amount in fields.items()} == {
        figure: None if text == "?" else exact(text).as_tuple()
        for figure in AMOUNTS
        for text in [row.get(markup.label(figure), "?")]
    }


def test_a_derived_figure_says_how() -> None:
    """
    The star's title is the identity.
    """
    titles = [given.get("title") for tag, given in opened(COMPLETE).elements if tag == "abbr"]

    assert ["derived: wallet_balance + unrealized_pnl"] * 2 == titles


@pytest.mark.parametrize("view", PAGES.values(), ids=list(PAGES))
def test_a_page_loads_nothing(view: View) -> None:
    """
    No element has an address outside of the page, and the policy lets only the two hashed texts of the page work.
    """
    text = page.write(view)
    found = read(text)
    policy = next(given["content"] for tag, given in found.elements if given.get("http-equiv"))

    assert not re.search(r"https?:|url\(|@import", text)
    assert {"style", "script"} & {tag for tag, _ in found.elements}
    assert all(given.get("href", "#")[0] == "#" for _, given in found.elements)
    assert not {"src", "style", "onclick", "onload"} & {key for _, given in found.elements for key in given}
    style, script = sha(found.by_tag["style"][0]), sha(found.by_tag["script"][0])
    assert policy == (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
    )


def sha(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@pytest.mark.parametrize("view", PAGES.values(), ids=list(PAGES))
def test_links_lead_somewhere(view: View) -> None:
    """
    Every link of the page, and everything that names a label, names an id of the page, of which there are no two.
    """
    elements = opened(view).elements
    ids = [given["id"] for _, given in elements if "id" in given]
    named = {given["href"][1:] for tag, given in elements if tag == "a"}

    assert len(ids) == len(set(ids))
    assert named | {given["aria-labelledby"] for _, given in elements if "aria-labelledby" in given} <= set(ids)


def test_names_are_no_markup() -> None:
    """
    What looks like an element is text, wherever it stands, and ends neither style nor script.
    """
    broken = f"</script></style>{SCRIPT}"
    book = report(
        {broken: broken, f"{broken}2": broken},
        balances=[held(broken, broken, broken, wallet_balance="1", equity="1", maintenance_margin="1", notes=[broken])],
        failures=[Failure(account=f"{broken}2", venue=broken, kind="timeout", message=broken, hint=broken)],
        summaries=[Summary(account=broken, venue=broken, currency=broken, mode=broken, status=broken, notes=[broken])],
    )
    prices = [price(broken, "2", broken, currency=broken)]
    usual, odd = opened(VALUED), opened(View(book, Valuation.of(book, broken, prices)))

    assert {tag for tag, _ in odd.elements} <= {tag for tag, _ in usual.elements}
    assert (1, 1) == (len(odd.by_tag["script"]), len(odd.by_tag["style"]))
    assert broken == odd.rows("rows")[0]["asset"]
    assert broken == odd.texts["note-1"]
    assert f"{broken}2" in odd.texts["failures"]


def test_a_currency_cannot_end_a_style() -> None:
    """
    On paper, a heading is a label that the style holds, so its odd characters are escaped there.
    """
    headings: Any = dict.fromkeys(["a" * 100, 'wallet in "</style>}', "b" * 100], "text")
    labels = Table("rows", "", headings, []).labels()

    assert '#rows-table tr>:nth-child(2)::before{content:"wallet in \\22 \\3c \\2f style\\3e \\7d "}' in labels


def test_a_narrow_table_needs_no_labels() -> None:
    """
    What fits on paper is printed as a table.
    """
    narrow = Table("rows", "", {"a": "text", "b": "text"}, [Row([name("x"), words("y")])])
    wide = Table("rows", "", {"a": "text", "b": "text"}, [Row([name("x" * 100), words("y" * 100)])])

    assert (False, "") == (narrow.wide, narrow.labels())
    assert wide.wide


def test_an_incomplete_report_says_so_everywhere() -> None:
    """
    In the title, in the headline, in each section with sums, and at the foot of each page on paper.
    """
    found = opened(VALUED)

    assert ["INCOMPLETE: 6 of 8 accounts"] == found.by_tag["h1"]
    assert ["INCOMPLETE: 6 of 8 accounts, 2026-07-01 12:00:00 UTC"] == found.by_tag["title"][:1]
    assert (
        '@bottom-left { content: "INCOMPLETE: 6 of 8 accounts, 2026-07-01 12:00:00 UTC" }' in found.by_tag["style"][0]
    )
    assert ["INCOMPLETE: without desk-10, treasury (why)."] * len(SUMS) == [
        re.findall(r"INCOMPLETE: .*?\(why\)\.", found.texts[section])[0] for section in SUMS
    ]


def test_a_complete_report_does_not() -> None:
    """
    Nothing is missing, and nothing says so.
    """
    text = page.write(COMPLETE)

    assert ["Complete: 1 of 1 account"] == read(text).by_tag["h1"]
    assert "INCOMPLETE" not in text
    assert "missing" not in text.partition("<body>")[2].partition("<script>")[0]


def test_failures_stand_before_figures() -> None:
    """
    The order of the page: what is missing, values, pictures, ratios, and the tables.
    """
    sections = [given["id"] for tag, given in opened(VALUED).elements if tag == "section"]

    assert [
        *(
            "failures",
            "value",
            "exposure",
            "ratios",
            "summaries",
            "totals",
            "rows",
            "locks",
            "values",
            "prices",
            "notes",
        )
    ] == sections


def test_a_failure_is_told_whole() -> None:
    """
    Account, venue, kind, message, hint, and until when.
    """
    text = shown(VALUED, "failures")

    assert "2 accounts could not be read" in text
    assert (
        "treasury binance-usdm"
        "rate_limited The venue has banned this address for asking too often."
        "Wait, and ask for fewer accounts at a time."
        "Not before 2026-07-01 12:30:00 UTC."
    ) in text
    bare = Failure(account="a", venue="acme", kind="timeout", message="It hangs.")
    assert shown(View(report({"a": "acme"}, failures=[bare])), "failures").endswith("a acmetimeout It hangs.")


def test_nothing_but_failures() -> None:
    """
    Each account has its row, and there is nothing to add up.
    """
    found = opened(FAILED)

    assert ["INCOMPLETE: 0 of 2 accounts"] == found.by_tag["h1"]
    assert [("desk-10", "failed: credentials", "?"), ("treasury", "failed: rate_limited", "?")] == [
        (row["account"], row["asset"], row["margin ratio"]) for row in found.rows("rows")
    ]
    assert {"failures", "rows"} == {given["id"] for tag, given in found.elements if tag == "section"}


def test_an_empty_report() -> None:
    """
    Nobody was asked, which is said.
    """
    found = opened(EMPTY)

    assert ["Complete: 0 of 0 accounts"] == found.by_tag["h1"]
    assert "No account was asked for, so there is nothing to show." in found.by_tag["header"][0]
    assert "section" not in found.by_tag


def test_accounts_without_assets() -> None:
    """
    They are named, and have a row.
    """
    found = opened(VALUED)
    (row,) = (row for row in found.rows("rows") if row["account"] == "empty")

    assert "The venue reports no assets of empty." in found.texts["rows"]
    assert ("no assets", "") == (row["asset"], row["wallet"])


def test_equal_reports_give_equal_pages() -> None:
    """
    Whenever it is written, and however the caller's decimals round.
    """
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC)), localcontext() as context:
        context.prec, context.rounding = 2, ROUND_UP
        later = page.write(View(RICH, Valuation.of(RICH, "USD", reversed(VALUED.valuation.prices))))  # type: ignore[union-attr]  # it has one

    assert page.write(VALUED) == later


def test_the_time_of_the_report() -> None:
    """
    From when to when, for people, for programs, and for the script that tells the age.
    """
    found = opened(COMPLETE)

    assert (
        "As of 2026-07-01 12:00:00 UTC to 2026-07-01 12:00:02 UTC. Compare it with your clock."
        in found.by_tag["header"][0]
    )
    assert ("time", {"datetime": "2026-07-01T12:00:00+00:00"}) in found.elements
    assert ("span", {"id": "age", "data-since": "2026-07-01T12:00:00+00:00"}) in found.elements


def test_values_are_cards() -> None:
    """
    Two places for a quick look, all digits beside them, and what is not in the sum.
    """
    text = shown(VALUED, "value")
    assert VALUED.valuation is not None
    total = VALUED.valuation.total()

    assert total.wallet_balance is not None
    assert f"wallet{total.wallet_balance:,.2f} USDexactly {plain(total.wallet_balance)}Without desk-10" in text
    assert f"coins ETH, desk-2 {SCRIPT} (not known); market-making BFUSD" in text
    assert "value" not in opened(PLAIN).texts


def test_a_value_that_nobody_knows() -> None:
    """
    Without any price there is a question mark, and not zero.
    """
    view = of(held("a", "X", wallet_balance="1", unrealized_pnl="0", equity="-5"))
    text = shown(View(view.report, Valuation.of(view.report, "EUR", [])), "value")

    assert "wallet? EURWithout a X (no price)" in text
    assert "unrealized PnL0.00 EURexactly 0equity" in text


def test_pictures_of_values() -> None:
    """
    The largest first, with what is not in it; what is nothing, or not known, is only named.
    """
    text = shown(VALUED, "exposure")

    assert "Worth nothing: BNB." in text
    assert f"Not known: {SCRIPT}, BFUSD, USDC." in text
    assert text.index("By asset") < text.index("BTCequity") < text.index("ETHequity")
    assert "binance-usdmequity2,468,091.02binance-usdm, equity: 2468091.024950wallet" in text
    assert f"without desk-10, treasury (failed); desk-2 {SCRIPT} (no price)" in text


def test_pictures_of_many_values() -> None:
    """
    After 25 the page says how many are in the table alone.
    """
    rows = [held("a", f"X{n}", wallet_balance=str(n), unrealized_pnl="0", equity=str(n)) for n in range(1, 31)]
    book = of(*rows).report
    prices = [price(row.asset, "1") for row in rows]
    text = shown(View(book, Valuation.of(book, "USD", prices)), "exposure")

    assert "5 smaller ones are in the table of values alone." in text
    assert "X30" in text
    assert "X5equity" not in text


def test_pictures_without_prices() -> None:
    """
    Venues are compared within one asset; a sum with an unknown term is not known; amounts of assets are never added.
    """
    view = of(
        held("a", "BTC", wallet_balance="1.5", equity="2", venue="one"),
        held("b", "BTC", wallet_balance="2.25", venue="one"),
        held("c", "BTC", wallet_balance="-1", equity="-1", venue="two"),
        held("c", "ETH", wallet_balance="7", equity="8", venue="two"),
        held("c", "ZERO", wallet_balance="0", equity="0.0", venue="two"),
    )
    text = shown(view, "exposure")

    assert "Amounts of different assets cannot be compared without prices" in text
    assert (
        "BTConeequity?one, equity: not knownwallet3.75one, wallet: 3.75"
        "twoequity-1two, equity: -1wallet-1two, wallet: -1"
        "ETHtwoequity8two, equity: 8wallet7two, wallet: 7"
    ) in text
    assert "ZERO" not in text


def test_pictures_of_many_assets() -> None:
    """
    After 25 the page says how many are in the table alone.
    """
    rows = [held("a", f"X{n:02}", wallet_balance="1") for n in range(27)]

    assert "2 more assets in the table of totals alone." in shown(of(*rows), "exposure")


def bars(view: View) -> list[tuple[str, str, str]]:
    drawn = [given for tag, given in opened(view).elements if tag == "rect"]
    return [(given["class"], given["x"], given["width"]) for given in drawn if given["class"] not in {"track", "mark"}]


def test_bars_begin_at_zero() -> None:
    """
    A bar to the right for what is owned, to the left for what is owed, and one that can be seen for the least amount.
    """
    view = of(
        held("a", "BTC", "one", wallet_balance="300", equity="-100"),
        held("b", "BTC", "two", wallet_balance="0.0000001", equity="0"),
    )

    assert [
        ("equity loss", "0.00%", "25.00%"),
        ("wallet", "25.00%", "75.00%"),
        ("equity", "25.00%", "0.00%"),
        ("wallet", "25.00%", "0.50%"),
    ] == bars(view)


def test_a_bar_at_the_end_can_be_seen() -> None:
    """
    Where nothing is positive, zero is at the right end, and the least debt is drawn to its left.
    """
    view = of(held("a", "BTC", "one", wallet_balance="-300"), held("b", "BTC", "two", wallet_balance="-0.01"))

    assert [("wallet loss", "0.00%", "100.00%"), ("wallet loss", "99.50%", "0.50%")] == bars(view)


def margin(account: str, maintenance: str | None, equity: str | None) -> Balance:
    return held(account, "USDT", wallet_balance="0", maintenance_margin=maintenance, equity=equity)


def test_margin_ratios() -> None:
    """
    The highest first, each with a word for its colour; then those that nobody knows.
    """
    view = of(
        margin("calm", "10", "100"),
        margin("watched", "79", "100"),
        margin("near", "95", "100"),
        margin("third", "1", "3"),
        margin("over", "250", "100"),
        margin("gone", "1", "-5"),
        margin("unsaid", None, "5"),
        margin("idle", "0", "0"),
    )
    text = shown(view, "ratios")
    ratios = [given for given in bars(view) if given[0] in {"danger", "watch", "safe"}]

    assert "No equity left: gone, USDT (acme)." in text
    assert "Not known (?): unsaid, USDT (acme)." in text
    assert ["over", "near", "watched", "third", "calm"] == re.findall(r"([a-z]+), USDT \(acme\), ", text)
    assert "watched, USDT (acme)to be watched0.79" in text
    assert "third, USDT (acme)0.3333…third, USDT (acme), : 0.3333333333333333333333333333" in text
    assert [
        ("danger", "0.00%", "100.00%"),
        ("danger", "0.00%", "95.00%"),
        ("watch", "0.00%", "79.00%"),
        ("safe", "0.00%", "33.33%"),
        ("safe", "0.00%", "10.00%"),
    ] == ratios
    assert "idle" not in text


def test_many_margin_ratios() -> None:
    """
    After 40 the page says how many are in the tables alone, and none is called unknown.
    """
    text = shown(of(*(margin(f"a{n:02}", str(n), "100") for n in range(1, 43))), "ratios")

    assert "2 lower ones are in the tables alone." in text
    assert "a42, USDT" in text
    assert "a02, USDT" not in text
    assert "Not known" not in text


def test_ratios_of_whole_accounts() -> None:
    """
    A summary has its own bar, after haircuts where the venue tells it so, and is enough for the section.
    """
    summary = whole("a", "USD", equity="100", adjusted_equity="50", maintenance_margin="25")
    view = View(report({"a": "acme"}, summaries=[summary]))

    assert "a, whole account (acme)to be watched0.5" in shown(view, "ratios")


def test_ratios_of_one_collateral() -> None:
    """
    Each collateral has one bar: the whole account where its assets are one, else each row. What repeats it has none.
    """
    near: dict[str, Any] = {"equity": "100", "maintenance_margin": "90"}
    wholes = [whole("a", "USD", equity="5000", maintenance_margin="90"), whole("b", "USDT", asset="USDT", **near)]
    rows = [held(name, "USDT", **near) for name in ("a", "b")]
    text = shown(View(report({"a": "acme", "b": "acme"}, balances=rows, summaries=wholes)), "ratios")

    assert ["b, USDT", "a, whole account"] == list(dict.fromkeys(re.findall(r"[ab], [a-zA-Z ]+(?= \(acme\))", text)))


def test_summaries() -> None:
    """
    What venues say of accounts is a table of its own, with a word on what nobody tells.
    """
    found = opened(VALUED)
    coins, desk = found.rows("summaries")

    assert ("multi-assets", "all assets", "USD", "4310000.5", "0.1") == tuple(
        coins[key] for key in ("mode", "of", "counted in", "adjusted equity", "margin ratio")
    )
    assert ("?", "USDT", "?", "?") == tuple(desk[key] for key in ("mode", "of", "state", "adjusted equity"))
    assert "It repeats the rows, and is not added to them." in found.texts["summaries-caption"]
    told = {figure for figure in SUMMARY_AMOUNTS if any(getattr(s, figure) is not None for s in RICH.summaries)}
    assert {markup.label(figure) for figure in told} <= set(coins)


def test_totals() -> None:
    """
    Sums by asset, with how many accounts are in them and how many are missing.
    """
    rows = {row["asset"]: row for row in opened(VALUED).rows("totals")}
    totals = RICH.totals()

    assert set(totals) == set(rows)
    assert "3 + 2 missing" == rows["USDT"]["accounts"]
    assert {asset: cell(total.wallet_balance, "reported") for asset, total in totals.items()} == {
        asset: row["wallet"] for asset, row in rows.items()
    }
    assert "1" == opened(COMPLETE).rows("totals")[0]["accounts"]


def test_locks() -> None:
    """
    The venue's own breakdown, with what it does not tell.
    """
    assert [("BTCINR", "1234567.89", "?", "?"), ("ETHINR", "?", "10000.5", "-5")] == [
        (row["symbol"], row["blocked balance"], row["position margin"], row["order margin"])
        for row in opened(PLAIN).rows("locks")
    ]


def test_isolated_positions() -> None:
    """
    Each has a picture of its own beside what is left of its asset, and its wallet stands with what is locked.
    """
    fields: Any = {"account": "india", "venue": "coinswitch", "asset": "INR"}
    amounts: Any = {"wallet_balance": "100", "equity": "100", "maintenance_margin": "9", "cross_wallet_balance": "90"}
    row = Balance(**fields, **amounts, cross_unrealized_pnl=Decimal(0))
    apart = Lock(**fields, symbol="ETHINR", isolated=True, maintenance_margin=Decimal("8.5"), equity=Decimal(10))
    cross = Lock(**fields, symbol="BTCINR", isolated=False, maintenance_margin=Decimal("0.5"))
    view = View(report({"india": "coinswitch"}, balances=[row], locks=[apart, cross]))
    found, text = opened(view), shown(view, "ratios")

    assert "india, ETHINR (coinswitch)close to liquidation0.85" in text
    assert "india, INR cross (coinswitch)0.0055…" in text
    assert [("BTCINR", "cross", "0.5", ""), ("ETHINR", "isolated", "8.5", "10")] == [
        (row["symbol"], row["wallet"], row["maintenance margin"], row["equity"]) for row in found.rows("locks")
    ]
    assert "0.85" == found.rows("rows")[0]["margin ratio"]


def test_a_table_of_values() -> None:
    """
    Every sum with all its digits, and what is not in it.
    """
    rows = {(row["sum of"], row["name"]): row for row in opened(VALUED).rows("values")}
    assert VALUED.valuation is not None
    accounts = VALUED.valuation.by_account()

    assert {account: cell(sums.equity, "reported") for account, sums in accounts.items()} == {
        key: row["equity"] for (kind, key), row in rows.items() if kind == "account"
    }
    assert "treasury (failed)" == rows["account", "treasury"]["without all or part of"]
    assert "" == rows["account", "arbitrage"]["without all or part of"]
    assert {"all", "account", "venue", "asset"} == {kind for kind, _ in rows}


def test_values_of_rows() -> None:
    """
    Each row has its values, where there are any.
    """
    (row,) = (r for r in opened(VALUED).rows("rows") if (r["account"], r["asset"]) == ("coins", "BTC"))

    assert plain(exact("41.25000001") * exact("107412.31")) == row["wallet in USD"]
    assert "wallet in USD" not in opened(PLAIN).rows("rows")[0]


def test_prices() -> None:
    """
    Each price with its source, time and rates; and what has none.
    """
    rows = {row["asset"]: list(row.values())[1:] for row in opened(VALUED).rows("prices")}

    assert ["107412.31", "0.95", "1.05", "binance-coinm index BTCUSD", "2026-07-01 11:59:52", "10 s"] == rows["BTC"]
    assert ["?", "?", "?", "no price", "?", "?"] == rows["USDC"]


def test_notes() -> None:
    """
    Remarks on accounts and on all, and numbered ones of rows and summaries, each once.
    """
    found = opened(VALUED)
    rows = {(row["account"], row["asset"]): row["notes"] for row in found.rows("rows")}

    assert "One venue was slow.india: Amounts are in rupees." in found.texts["notes"]
    assert found.texts["note-1"].startswith("Part of the wallet is not in the cross wallet.")
    assert ("1", "2 1", "") == (rows["coins", "ETH"], rows["desk-2", SCRIPT], rows["coins", "BTC"])
    assert "3" == found.rows("summaries")[0]["notes"]
    assert "note-4" not in found.texts


def test_only_remarks() -> None:
    """
    Without footnotes there is one list, and without either no section.
    """
    noted = opened(View(report({}, notes=VALUED.report.notes[:1])))

    assert (1, None) == (len(noted.by_tag["ul"]), noted.by_tag.get("ol"))
    assert "notes" not in opened(COMPLETE).texts


def test_the_age_of_a_figure() -> None:
    """
    When the venue last changed it, and how long that was before the report was ready.
    """
    rows = {row["asset"]: row for row in opened(PLAIN).rows("rows") if row["account"] == "market-making"}

    assert ("2026-07-01 11:59:57", "5 s") == (rows["BFUSD"]["updated (UTC)"], rows["BFUSD"]["age when asked"])
    assert ("2026-05-21 09:00:00", "41 d 3 h") == (rows["USDC"]["updated (UTC)"], rows["USDC"]["age when asked"])
    assert ("?", "?") == (rows["BNB"]["updated (UTC)"], rows["BNB"]["age when asked"])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (7265, "2 h 1 min"),
        (86_400, "1 d 0 h"),
        (-61, "1 min 1 s ahead"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    """
    The two largest units; what is later than the report is ahead of it.
    """
    assert text == markup.age(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("2026-07-01T12:00:00Z", "2026-07-01 12:00:00"),
        ("2026-07-01T12:00:00.370Z", "2026-07-01 12:00:00.37"),
        ("0099-07-01T12:00:00.000001+00:00", "0099-07-01 12:00:00.000001"),
    ],
)
def test_times(when: str, text: str) -> None:
    """
    To the last digit, and so that text and time have one order.
    """
    assert text == markup.stamp(datetime.fromisoformat(when))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234567.895", "1,234,567.90"),
        ("1234567.885", "1,234,567.88"),
        ("-0.5", "-0.50"),
        ("0", "0.00"),
        ("0.004", "0.004"),
        (LONG, "9,007,199,254,740,993.00"),
        (f"{'9' * 140}.99", f"{Decimal('9' * 140 + '.99'):,}"),
    ],
)
def test_money(amount: str, text: str) -> None:
    """
    Two places, half to even, whatever the size; and more where two would be nothing but zeros.
    """
    assert text == markup.money(Decimal(amount))


@pytest.mark.parametrize(
    ("ratio", "text"), [("0.1", "0.1"), ("0.99999", "0.9999…"), ("12", "12"), ("0.1234", "0.1234")]
)
def test_short_ratios(ratio: str, text: str) -> None:
    """
    Never rounded up to what has not been reached.
    """
    assert text == markup.short(Decimal(ratio))


def test_names_are_counted() -> None:
    """
    The first are named, the others counted.
    """
    assert "<bdi>a</bdi>, <bdi>&lt;</bdi> and 1,234 more" == markup.names(["a", "<", *["x"] * 1234], most=2)


def test_elements_are_escaped() -> None:
    """
    Texts and attributes are, and markup is not escaped again.
    """
    assert '<b class="&#34;" data-x="&lt;">&amp;<i></i></b>' == markup.tag(
        "b", "&", Markup("<i></i>"), class_='"', data_x="<", title=None
    )


def test_rows_that_hold_nothing_are_marked() -> None:
    """
    A reader may hide them: only those where all that is held is known to be zero.
    """
    view = of(
        held("a", "NOTHING", wallet_balance="0.0", unrealized_pnl="-0", equity="0"),
        held("a", "UNKNOWN", wallet_balance="0", unrealized_pnl=None, equity=None),
        held("a", "OPEN", wallet_balance="0", unrealized_pnl="0", equity="0", order_margin="1"),
    )
    elements = opened(view).elements

    assert ["NOTHING"] == [
        row["asset"] for row, marked in zip(opened(view).rows("rows"), zeros(elements), strict=True) if marked
    ]


def zeros(elements: list[tuple[str, dict[str, str]]]) -> list[bool]:
    """
    Say which rows of the last table are marked.
    """
    start = max(i for i, (tag, _) in enumerate(elements) if tag == "tbody")
    return ["data-zero" in given for tag, given in elements[start:] if tag == "tr"]


@pytest.mark.parametrize(("shown", "word"), [(True, "shown"), (False, "hidden")])
def test_zeros_may_be_hidden_at_first(*, shown: bool, word: str) -> None:
    """
    They are in the page all the same.
    """
    found = opened(View(RICH, zeros=shown))

    assert ("html", {"lang": "en", "data-zeros": word}) == found.elements[0]
    assert "BNB" in {row["asset"] for row in found.rows("rows")}


@pytest.mark.parametrize("by", ["account", "venue", "asset"])
def test_rows_are_in_the_order_that_was_asked_for(by: Any) -> None:
    """
    The column says that the rows are in its order.
    """
    found = opened(View(RICH, by=by))
    sorted_by = [given for tag, given in found.elements if tag == "th" and "aria-sort" in given]
    column = [row[by] for row in found.rows("rows")]

    short, long = held("x", "x", "x", wallet_balance="1"), held("x1", "x1", "x1", wallet_balance="1")

    assert sorted(column) == column
    assert ["x", "x1"] == [row[by] for row in opened(View(of(long, short).report, by=by)).rows("rows")]
    assert ["ascending"] == [given["aria-sort"] for given in sorted_by]
    assert {"account", "asset", "venue"} & set(found.tables["rows-table"][0])


def test_tables_are_accessible() -> None:
    """
    Each has a caption, headings with a scope, and a frame that can be scrolled by keyboard.
    """
    elements = opened(VALUED).elements
    headings = [given for tag, given in elements if tag == "th"]
    frames = [given for tag, given in elements if given.get("class") == "scroll"]

    assert len(opened(VALUED).tables) == len(opened(VALUED).by_tag["caption"]) == len(frames)
    assert {"col", "row"} == {given["scope"] for given in headings}
    assert {("region", "0")} == {(given["role"], given["tabindex"]) for given in frames}
    assert {"header", "main", "footer"} <= {tag for tag, _ in elements}


def test_a_large_page() -> None:
    """
    Every one of its rows is there.
    """
    assert 1000 == len(opened(large(1000)).rows("rows"))


def test_it_is_an_output() -> None:
    """
    It is found by its name, and knows how its files end.
    """
    output = installed().output("html")

    assert ((".html",), page.write(VALUED)) == (output.suffixes, output.write(VALUED))
