"""
Every recorded answer is checked whole: nothing of it is lost, changed, or made up on the way into the report.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve, fields, frozen, has

import words
from marginbook import Account, BalanceReport, Failure, InvalidResponseError, Statement, collect
from marginbook.asking import replay_documents, stand_in
from marginbook.collecting import assemble
from marginbook.testing import reading
from marginbook.testing.bodies import leaves as leaves_of
from marginbook.testing.bodies import others, put
from marginbook.testing.subject import Body, Subject
from marginbook.transport import Deadline, Documents, Session
from marginbook.values import SUMMARY_AMOUNTS, plain
from marginbook.values.times import EPOCH
from marginbook.wire import Client
from marginbook_clients.binance_coinm.api.account import account_information, futures_account_balance
from marginbook_clients.binance_pm.api.account import account_balance
from marginbook_clients.binance_pm.api.account import account_information as pm_account_information
from marginbook_clients.binance_usdm.api.account import (
    account_configuration,
    account_information_v3,
    futures_account_balance_v2,
    futures_account_balance_v3,
)
from marginbook_clients.bitget.api.account import get_account_list
from marginbook_clients.bitmex.api.account import get_assets_config, get_margin
from marginbook_clients.bybit.api.account import get_account_info, get_transferable_amount
from marginbook_clients.bybit.api.account import get_wallet_balance as bybit_wallet_balance
from marginbook_clients.coinswitch.api.account import get_positions, get_wallet_balance
from marginbook_clients.deribit.api.account import get_account_summaries
from marginbook_clients.fexgate.api.future_trade import future_trade_future_balance
from marginbook_clients.gate.api.account import list_delivery_accounts, list_futures_accounts, list_unified_accounts
from marginbook_clients.hyperliquid.api.info import (
    clearinghouse_state,
    meta,
    perp_dexs,
    spot_clearinghouse_state,
    user_abstraction,
)
from marginbook_clients.hyperliquid.models.question import Question
from marginbook_clients.kraken_futures.api.account import get_accounts
from marginbook_clients.kucoin_futures.api.account import get_futures_account
from marginbook_clients.kucoin_futures.api.market import get_all_symbols
from marginbook_clients.mexc.api.account import get_account_assets
from marginbook_clients.okx.api.account import get_account_balance, get_account_config, get_maximum_withdrawals
from recordings import INSTALLED, Cassette, cassettes, recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from marginbook.sandbox import Stage

STORED: Final = Path(__file__).with_name("report.json")

ALL: Final = cassettes()
READABLE: Final = [c for c in ALL if c.name != "published/fexgate"]

#: Of the five venues whose words stand here, and of the ten whose words stand in words.py.
FIRST: Final = [c for c in READABLE if c.venue not in words.WORDS]
TEN: Final = [c for c in READABLE if c.venue in words.WORDS]

#: Our name of each amount of a row, written down a second time, and independently of the plugins.
BINANCE: Final = {
    "balance": "wallet_balance",
    "crossWalletBalance": "cross_wallet_balance",
    "crossUnPnl": "cross_unrealized_pnl",
    "availableBalance": "available_balance",
}
MARGINS: Final = {
    "walletBalance": "wallet_balance",
    "unrealizedProfit": "unrealized_pnl",
    "marginBalance": "equity",
    "initialMargin": "initial_margin",
    "positionInitialMargin": "position_margin",
    "openOrderInitialMargin": "order_margin",
    "maintMargin": "maintenance_margin",
    "availableBalance": "available_balance",
    "maxWithdrawAmount": "max_withdraw",
    "crossWalletBalance": "cross_wallet_balance",
    "crossUnPnl": "cross_unrealized_pnl",
}
COINSWITCH: Final = {
    "total_balance": "wallet_balance",
    "total_available_balance": "available_balance",
    "total_blocked_balance": "initial_margin",
    "total_position_margin": "position_margin",
    "total_open_order_margin": "order_margin",
}
COINSWITCH_LOCK: Final = {
    "blocked_balance": "blocked_balance",
    "position_margin": "position_margin",
    "open_order_margin": "order_margin",
}

WORDS: Final = {
    "binance-usdm": {**BINANCE, "maxWithdrawAmount": "max_withdraw"},
    "binance-coinm": {**BINANCE, "withdrawAvailable": "max_withdraw"},
    "fexgate": {**BINANCE, "maxWithdrawAmount": "max_withdraw"},
    "coinswitch": COINSWITCH,
    "coinswitch-margin": COINSWITCH,
    "binance-usdm-margin": MARGINS,
    "binance-coinm-margin": MARGINS,
    # Its wallets are told apart, and all that a row says is derived from them.
    "binance-pm": {},
}

#: What calls each path.
CALLS: Final[dict[str, Callable[..., Any]]] = {
    "/fapi/v3/balance": futures_account_balance_v3.sync,
    "/fapi/v2/balance": futures_account_balance_v2.sync,
    "/fapi/v3/account": account_information_v3.sync,
    "/fapi/v1/accountConfig": account_configuration.sync,
    "/dapi/v1/balance": futures_account_balance.sync,
    "/dapi/v1/account": account_information.sync,
    "/papi/v1/balance": account_balance.sync,
    "/papi/v1/account": pm_account_information.sync,
    "/trade/api/v2/futures/wallet_balance": get_wallet_balance.sync,
    "/trade/api/v2/futures/positions": functools.partial(get_positions.sync, exchange="EXCHANGE_2"),
    "/v1/fbinance/balance": functools.partial(future_trade_future_balance.sync, exchange="fbinance"),
    "/api/v2/mix/account/accounts": functools.partial(get_account_list.sync, product_type="USDT-FUTURES"),
    "/api/v1/user/margin": functools.partial(get_margin.sync, currency="all"),
    "/api/v1/wallet/assets": get_assets_config.sync,
    "/v5/account/wallet-balance": functools.partial(bybit_wallet_balance.sync, account_type="", x_bapi_recv_window=1),
    "/v5/account/info": functools.partial(get_account_info.sync, x_bapi_recv_window=1),
    "/v5/account/withdrawal": functools.partial(get_transferable_amount.sync, coin_name="", x_bapi_recv_window=1),
    "/api/v2/private/get_account_summaries": get_account_summaries.sync,
    "/api/v4/futures/usdt/accounts": functools.partial(list_futures_accounts.sync, settle="usdt"),
    "/api/v4/futures/btc/accounts": functools.partial(list_futures_accounts.sync, settle="btc"),
    "/api/v4/delivery/usdt/accounts": functools.partial(list_delivery_accounts.sync, settle="usdt"),
    "/api/v4/unified/accounts": list_unified_accounts.sync,
    "/derivatives/api/v3/accounts": get_accounts.sync,
    "/api/v1/account-overview": functools.partial(get_futures_account.sync, currency=""),
    "/api/v1/contracts/active": get_all_symbols.sync,
    "/api/v1/private/account/assets": get_account_assets.sync,
    "/api/v5/account/balance": get_account_balance.sync,
    "/api/v5/account/config": get_account_config.sync,
    "/api/v5/account/max-withdrawal": get_maximum_withdrawals.sync,
    **{
        f"/info {name}": functools.partial(call.sync, body=Question(type_=name))
        for name, call in {
            "userAbstraction": user_abstraction,
            "spotClearinghouseState": spot_clearinghouse_state,
            "perpDexs": perp_dexs,
            "clearinghouseState": clearinghouse_state,
            "meta": meta,
        }.items()
    },
}


#: Models of objects whose names are no fields, but assets, wallets and contracts.
NAMED_BY_DATA: Final = (
    "Accounts",
    "Balances",
    "FlexCurrencies",
    "TransferableAmountAvailableWithdrawalMap",
    "UnifiedAccountBalances",
)

#: What is said to be ignored, and makes a note.
NOTED: Final = ("unifiedMarginStatus",)

#: Names in answers that are no fields: of what an account holds and the report does not tell.
HELD: Final = ("ETH", "SOL", "XRP", "FI_XBTUSD_171215", "FI_XBTUSD_180615")


def statement(cassette: Cassette, changes: dict[str, Any] | None = None) -> Statement:
    # With the plugins that were looked up once: replay() looks them up each time.
    venue = INSTALLED.venue(cassette.venue)
    changed = {path: json.dumps(body).encode() for path, body in (changes or {}).items()}
    return replay_documents(stand_in("replay", venue, cassette.options), venue, {**cassette.documents, **changed})


def rows(cassette: Cassette) -> list[dict[str, Any]]:
    """
    The rows of assets as flat objects, whatever surrounds them.
    """
    match cassette.body:
        case list() as found:
            return found
        case {"balances": found} | {"assets": found}:
            return list(found)
        case {"data": {"base_asset_balances": found}}:
            return [{"asset": row["base_asset"], **row["balances"]} for row in found]
    raise AssertionError(cassette.name)


def leaves(node: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """
    The path of every value in a JSON document.
    """
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if not isinstance(node, dict | list):
        yield path
    for key, value in pairs:
        yield from leaves(value, *path, key)


def changed(node: Any, path: tuple[Any, ...]) -> Any:
    """
    The same document with another value at *path*.
    """
    node = copy.deepcopy(node)
    place = node
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    match old:
        case bool():
            new: Any = not old
        case int():
            new = old + 60_000
        case str() if old.lstrip("-").replace(".", "", 1).isdecimal():
            new = plain(Decimal(old) + 60_000)
        case _:
            new = f"{old}1"
    place[path[-1]] = new
    return node


def told(cassette: Cassette) -> Iterable[tuple[str, dict[str, str]]]:
    """
    What each row says in our words.
    """
    if cassette in TEN:
        return words.reported(cassette).items()
    ours = WORDS[cassette.reading].items()
    return [(row["asset"], {our: row[their] for their, our in ours if row.get(their)}) for row in rows(cassette)]


@pytest.mark.parametrize("cassette", READABLE, ids=lambda c: c.name)
def test_rows_are_the_recorded_digits(cassette: Cassette) -> None:
    """
    Each row equals the recorded body, parsed independently, digit for digit.
    """
    expected = {asset: {name: plain(Decimal(digits)) for name, digits in row.items()} for asset, row in told(cassette)}
    found = {
        balance.asset: {
            name: plain(getattr(balance, name)) for name, basis in balance.basis.items() if basis == "reported"
        }
        for balance in statement(cassette).balances
    }

    assert expected == found


@pytest.mark.parametrize("cassette", TEN, ids=lambda c: c.name)
def test_sums_are_those_of_the_recorded_digits(cassette: Cassette) -> None:
    """
    Each figure that no field tells is the documented sum of some that do, to the last digit.
    """
    derived = [
        (balance, name)
        for balance in statement(cassette).balances
        for name, basis in balance.basis.items()
        if basis != "reported"
    ]

    assert [words.made(cassette, balance.asset, name) for balance, name in derived] == [
        getattr(balance, name) for balance, name in derived
    ]


@pytest.mark.parametrize("cassette", TEN, ids=lambda c: c.name)
def test_summaries_are_the_recorded_digits(cassette: Cassette) -> None:
    """
    What is said of the account as a whole equals the recorded body, digit for digit.
    """
    expected = {name: plain(Decimal(digits)) for name, digits in words.summarized(cassette).items()}
    summary = statement(cassette).summary
    amounts = {name: getattr(summary, name) for name in SUMMARY_AMOUNTS} if summary else {}

    assert expected == {name: plain(amount) for name, amount in amounts.items() if amount is not None}


@pytest.mark.parametrize("cassette", TEN, ids=lambda c: c.name)
def test_wallets_that_lock_margin_are_locks(cassette: Cassette) -> None:
    """
    Kraken's single-collateral wallets lock what they say; no other venue of the ten tells what single positions lock.
    """
    margins = [row for found in words.wallets(cassette).values() for row in found if Decimal(row.get("im", "0"))]
    expected = (
        {row["wallet"]: plain(Decimal(row["im"])) for row in margins} if cassette.venue == "kraken-futures" else {}
    )

    assert expected == {k.symbol: plain(k.blocked_balance) for k in statement(cassette).locks if k.blocked_balance}


@pytest.mark.parametrize("cassette", [c for c in READABLE if c.venue == "coinswitch"], ids=lambda c: c.name)
def test_locks_are_the_recorded_digits(cassette: Cassette) -> None:
    """
    Each lock equals the recorded body, digit for digit.
    """
    expected = [
        {"symbol": row["symbol"], "asset": row["base_asset"], **{o: row[t] for t, o in COINSWITCH_LOCK.items()}}
        for row in cassette.body["data"]["asset"]
    ]
    found = [
        {"symbol": lock.symbol, "asset": lock.asset, **{o: plain(getattr(lock, o)) for o in COINSWITCH_LOCK.values()}}
        for lock in statement(cassette).locks
    ]

    assert expected == found


@pytest.mark.parametrize(
    "cassette", [c for c in FIRST if "detail" in c.options and c.venue != "coinswitch"], ids=lambda c: c.name
)
def test_positions_are_the_recorded_digits(cassette: Cassette) -> None:
    """
    Each position that locks something is a lock, digit for digit, in the asset that its symbol ends or begins with.
    """
    words = {"initialMargin": "blocked_balance", "positionInitialMargin": "position_margin"}
    words["openOrderInitialMargin"] = "order_margin"
    expected = [
        {
            "symbol": " ".join([row["symbol"], row["positionSide"]]).removesuffix(" BOTH"),
            "asset": re.sub(r"^(...)USD_.*|^...(USD[TC])$", r"\1\2", row["symbol"]),
            **{ours: row[theirs] for theirs, ours in words.items() if theirs in row},
        }
        for row in cassette.body["positions"]
        if any(Decimal(row.get(name, "0")) for name in (*words, "unrealizedProfit"))
    ]
    found = [
        {"symbol": lock.symbol, "asset": lock.asset}
        | {name: plain(amount) for name in words.values() if (amount := getattr(lock, name)) is not None}
        for lock in statement(cassette).locks
    ]

    assert expected == found


@pytest.mark.parametrize("cassette", [c for c in READABLE if c.venue != "coinswitch"], ids=lambda c: c.name)
def test_times_are_the_recorded_milliseconds(cassette: Cassette) -> None:
    """
    A row's time is the venue's, to the millisecond; 0 is no time.
    """
    written = (
        words.times(cassette) if cassette in TEN else {row["asset"]: row.get("updateTime") for row in rows(cassette)}
    )
    expected = {asset: _milliseconds(time) for asset, time in written.items()}
    found = {
        b.asset: b.updated_at and (b.updated_at - EPOCH).total_seconds() * 1000 for b in statement(cassette).balances
    }

    assert expected == found


def _milliseconds(written: int | str | None) -> int | None:
    if isinstance(written, str) and "T" in written:
        return (datetime.fromisoformat(written) - EPOCH) // timedelta(milliseconds=1)
    return int(written or 0) or None


@pytest.mark.parametrize("cassette", ALL, ids=lambda c: c.name)
def test_every_field_reaches_a_model(cassette: Cassette) -> None:
    """
    The generated models hold the whole body: written as JSON again, nothing is missing and nothing was added.
    """
    for recorded, content in cassette.documents.items():
        if not recorded.startswith("/"):
            # What was refused is an error, and is read as one.
            continue
        path = recorded.removeprefix("/fexgate")
        session = Session(Documents({path.partition("?")[0].partition(" ")[0]: content}), Deadline(60))
        parsed = _call(path)(client=Client(base_url="https://replay.invalid", session=session))
        models = parsed if isinstance(parsed, list) else [parsed]
        written = [model.to_dict() if hasattr(model, "to_dict") else model for model in models]
        expected = json.loads(content, parse_float=Decimal)

        # protobuf's numbers may come as text; the model holds numbers.
        for row in expected["balances"] if cassette.venue == "fexgate" else []:
            row["updateTime"] = int(row["updateTime"])

        # A map of amounts is written with numbers.
        for wallet in expected["accounts"].values() if cassette.venue == "kraken-futures" else []:
            wallet.update(
                {"balances": {n: Decimal(a) for n, a in wallet["balances"].items()}} if "balances" in wallet else {}
            )

        assert expected == (written if isinstance(parsed, list) else written[0])
        assert [*unknown(models)] == []


def _call(document: str) -> Callable[..., Any]:
    """
    Return what asks for a document: by its path, and by the type of what is posted, where all have one path.
    """
    asked, _, posted = document.partition(" ")
    return CALLS[f"{asked} {json.loads(posted)['type']}" if posted else asked.partition("?")[0]]


def unknown(models: Iterable[Any]) -> Iterator[str]:
    """
    Yield the names of fields that no model knows, at any depth. Objects whose names are data are known by their values.
    """
    for model in models:
        if isinstance(model, list | tuple):
            yield from unknown(model)
        elif has(type(model)):
            yield from unknown([getattr(model, field.name) for field in fields(type(model))])
            found = getattr(model, "additional_properties", {})
            yield from unknown(found.values())
            yield from (f"{type(model).__name__}.{n}" for n in found if type(model).__name__ not in NAMED_BY_DATA)


@pytest.mark.parametrize("cassette", FIRST, ids=lambda c: c.name)
def test_every_field_is_mapped_or_named_as_ignored(cassette: Cassette) -> None:
    """
    Another value of a field makes another statement, unless the venue says that it ignores the field.
    """
    ignored = INSTALLED.venue(cassette.venue).ignores
    before = statement(cassette)

    for document, content in cassette.documents.items():
        body = json.loads(content)
        for path in leaves(body):
            if locks_nothing(body, path):
                continue
            try:
                differs = statement(cassette, {document: changed(body, path)}) != before
            except InvalidResponseError:
                differs = True

            assert is_ignored(document, path, ignored) is not differs, path


@frozen
class Recorded(Subject):
    """
    A venue of which no more is looked at than what was recorded.
    """

    @property
    def bodies(self) -> tuple[Body, ...]:
        # What the sandbox answers besides is looked at elsewhere.
        return self.extra


def _no_stage() -> Stage:
    raise AssertionError


@pytest.mark.parametrize("venue", sorted(words.WORDS))
def test_every_field_of_the_ten_is_mapped_or_named_as_ignored(venue: str) -> None:
    """
    Another value of a field makes another statement, unless the venue says that it ignores the field, in which case
    it makes the same one or none. Each name is tried where it is found first.
    """
    found = [c for c in TEN if c.venue == venue]
    bodies = tuple(Body(c.name, documents, c.options) for c in found for documents in in_every_mode(c.documents))
    subject = Recorded(INSTALLED.venue(venue), _no_stage, bodies)

    assert [found for found in reading.fields(subject) if not any(f"{name!r}." in found for name in HELD)] == []
    assert [*unlike(subject)] == []


def in_every_mode(documents: dict[str, bytes]) -> Iterator[dict[str, bytes]]:
    """
    Yield bodies, and the same in the modes of Gate's unified accounts in which they tell more.
    """
    yield documents
    for mode in (b"single_currency", b"portfolio"):
        changed = {key: body.replace(b'"multi_currency"', b'"%b"' % mode) for key, body in documents.items()}
        if changed != documents:
            yield {key: body.replace(b'"iso_balance":"112.3"', b'"iso_balance":"0"') for key, body in changed.items()}


def unlike(subject: Subject) -> Iterator[str]:
    """
    Yield the fields that are said to be ignored, and that make another statement.
    """
    tried = set()
    for body in subject.bodies:
        before = subject.replay(body)
        for leaf in leaves_of(body.documents):
            if (
                leaf.names in tried
                or leaf.names[-1] in NOTED
                or not is_ignored(leaf.document, leaf.path, subject.venue.ignores)
            ):
                continue
            tried.add(leaf.names)
            after = subject.makes(evolve(body, documents=put(body.documents, leaf, others(leaf.value)[0])))
            if after not in {None, before}:
                yield f"{leaf} of {body.name}"


def locks_nothing(body: Any, path: tuple[Any, ...]) -> bool:
    """
    Whether a path leads to the name or the kind of a position that is listed without being there.
    """
    match path:
        case ("positions", number, "symbol" | "positionSide" | "isolated"):
            row = body["positions"][number]
            return not any(Decimal(row[name]) for name in row if name.endswith(("InitialMargin", "lizedProfit")))
    return False


def is_ignored(document: str, path: tuple[Any, ...], ignored: Collection[str]) -> bool:
    """
    Whether a venue ignores a field: by its name, or where it means one of several, by what it stands in as well.
    """
    where = ".".join([document.rpartition("/")[2], *(step for step in path if isinstance(step, str))])
    return (bool(path) and path[-1] in ignored) or any(
        f".{where}".endswith(f".{name}") for name in ignored if "." in name
    )


@pytest.mark.parametrize("cassette", READABLE, ids=lambda c: c.name)
def test_identities_hold(cassette: Cassette) -> None:
    """
    Equity is wallet plus unrealized PnL, and initial margin is position plus order margin, wherever all are known.
    """
    for balance in statement(cassette).balances:
        if None not in (balance.equity, balance.wallet_balance, balance.unrealized_pnl):
            assert balance.equity == balance.wallet_balance + balance.unrealized_pnl  # type: ignore[operator]
        if None not in (balance.initial_margin, balance.position_margin, balance.order_margin):
            assert balance.initial_margin == balance.position_margin + balance.order_margin  # type: ignore[operator]


@pytest.mark.parametrize("cassette", READABLE, ids=lambda c: c.name)
def test_a_venue_fills_what_it_says(cassette: Cassette) -> None:
    """
    No figure is known that the venue does not declare.
    """
    declared = INSTALLED.venue(cassette.venue).fills
    known = {name for balance in statement(cassette).balances for name in balance.basis}

    assert set() == known - declared.keys()


def test_the_gateway_example_is_no_answer() -> None:
    """
    The gateway's published example says "string" where an amount belongs, and is refused by the name of the field.
    """
    (example,) = (c for c in ALL if c.name == "published/fexgate")

    with pytest.raises(InvalidResponseError, match="balance: 'string' is not an amount"):
        statement(example)


def test_the_whole_report(record_mode: str) -> None:
    """
    All cassettes together make one stored report. Recording anew writes it anew, to be looked at.
    """
    outcomes: dict[str, Statement | Failure] = {}
    accounts = [Account(cassette.name, cassette.venue) for cassette in ALL]
    for cassette in ALL:
        try:
            outcomes[cassette.name] = renamed(statement(cassette), cassette.name)
        except InvalidResponseError as error:
            outcomes[cassette.name] = Failure.of(cassette.name, cassette.venue, error)
    report = assemble(accounts, outcomes, started_at=EPOCH, finished_at=EPOCH)
    if record_mode != "none":
        STORED.write_text(report.to_json(), encoding="utf-8")

    assert STORED.read_text(encoding="utf-8") == report.to_json()
    assert BalanceReport.from_dict(json.loads(report.to_json())) == report


def renamed(found: Statement, name: str) -> Statement:
    return evolve(
        found,
        balances=[evolve(row, account=name) for row in found.balances],
        locks=[evolve(row, account=name) for row in found.locks],
        summary=found.summary and evolve(found.summary, account=name),
    )


@pytest.mark.vcr(*(f"{c.name}.yaml" for c in ALL if c.kind == "published"))
@pytest.mark.parametrize("max_workers", [1, 2, 8])
@pytest.mark.parametrize("order", [1, -1])
def test_threads_make_no_difference(max_workers: int, order: int) -> None:
    """
    The same answers make the same bytes, however many threads ask, and in whatever order they are asked.
    """
    accounts = [evolve(r.account, name=r.name) for r in recordings() if r.kind == "published"]
    report = collect(accounts[::order], max_workers=max_workers)
    names = {account.name for account in accounts}
    stored = BalanceReport.from_dict(json.loads(STORED.read_text(encoding="utf-8")))
    expected = evolve(
        stored,
        accounts={name: venue for name, venue in stored.accounts.items() if name in names},
        balances=[row for row in stored.balances if row.account in names],
        locks=[row for row in stored.locks if row.account in names],
        summaries=[row for row in stored.summaries if row.account in names],
        failures=[failure for failure in stored.failures if failure.account in names],
        notes=[note for note in stored.notes if note.account in names],
    )

    assert expected.to_json() == evolve(report, started_at=EPOCH, finished_at=EPOCH).to_json()
