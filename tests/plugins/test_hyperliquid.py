"""
Hyperliquid: balances that dexs keep apart, balances that are tokens, and what is not told of either.
"""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import time_machine

import marginbook_hyperliquid as plugin
from marginbook import (
    Account,
    Balance,
    ConfigurationError,
    InvalidResponseError,
    RateLimitedError,
    Statement,
    collect,
    replay,
)
from marginbook.sandbox import PORTRAITS, Portrait, Sandbox
from marginbook.wire import ApiError
from marginbook_hyperliquid import dexs, tokens, venue
from marginbook_hyperliquid import stage as played
from marginbook_hyperliquid.codes import explain
from published import published, specification

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS: Final = "0x31ca8395cf837de08b24da3f660e77761dfb974b"

EXAMPLES: Final[dict[str, Any]] = {
    path.partition("#")[2]: published("hyperliquid", path, "post") for path in specification("hyperliquid")["paths"]
}

#: Two cross positions, and something that keeps the rest from being withdrawn.
CROSS: Final = played.state(
    played.summary("1050.0", "120.0", "2000.0", "-950.0"),
    played.summary("1050.0", "120.0", "2000.0", "-950.0"),
    played.position("BTC", "60.5", "100.0"),
    played.position("ETH", "-10.5", "20.0"),
    maintenance="10.0",
    out="880.0",
)

TOKENS: Final = (played.token("USDC", 0, "1050.0", "120.0"), played.token("HYPE", 150, "7.5", "2.5"))


def documents(
    mode: Any = "default", tokens: Any = (), names: Any = (None,), metas: Any = None, **states: Any
) -> dict[str, bytes]:
    """
    The bodies that an account is read from: by default, that of one that has nothing but what is on *states*.
    """

    def key(kind: str, **more: str) -> str:
        return f"/info {json.dumps({'type': kind, **more})}"

    user = {"user": ADDRESS}
    bodies = {
        key("userAbstraction", **user): mode,
        key("spotClearinghouseState", **user): {"balances": list(tokens)},
        key("perpDexs"): [None if name is None else {"name": name} for name in names],
        key("clearinghouseState", **user, dex=""): states.pop("own", played.NOTHING),
        **{key("clearinghouseState", **user, dex=name): body for name, body in states.items()},
        **{key("meta", dex=name): {"universe": [], "collateralToken": token} for name, token in (metas or {}).items()},
    }
    return {key: json.dumps(body).encode() for key, body in bodies.items()}


def read(**told: Any) -> Statement:
    """
    What marginbook makes of such an account.
    """
    return replay("hyperliquid", documents(**told), {"address": ADDRESS})


def usdc(**told: Any) -> Balance:
    """
    What it makes of the first token.
    """
    return read(**told).balances[0]


def figures(balance: Balance) -> dict[str, str]:
    return {name: f"{getattr(balance, name):f}" for name in balance.basis}


def test_the_published_example() -> None:
    """
    An isolated position is worth its margin and its PnL; cash is what remains without the PnL, to the last digit.
    """
    found = usdc(own=EXAMPLES["clearinghouseState"])

    assert {
        "wallet_balance": "13109.495728",
        "unrealized_pnl": "-0.0134",
        "equity": "13109.482328",
        "position_margin": "4.981226",
        "max_withdraw": "13104.514502",
        "cross_wallet_balance": "13104.514502",
        "cross_unrealized_pnl": "0.0000",
    } == figures(found)
    assert (dexs.ISOLATED.format("0.0"),) == found.notes
    assert f"derived: {dexs.LOCKED}" == found.basis["position_margin"]


def test_cross_positions() -> None:
    """
    With cross positions alone, the maintenance margin is that of the account, and what is locked is reported.
    """
    found = usdc(own=CROSS)

    assert {
        "wallet_balance": "1000.0",
        "unrealized_pnl": "50.0",
        "equity": "1050.0",
        "position_margin": "120.0",
        "maintenance_margin": "10.0",
        "max_withdraw": "880.0",
        "cross_wallet_balance": "1000.0",
        "cross_unrealized_pnl": "50.0",
    } == figures(found)
    assert {"equity", "position_margin", "maintenance_margin", "max_withdraw"} == {
        name for name, basis in found.basis.items() if basis == "reported"
    }
    assert () == found.notes


def test_isolated_margin_without_a_position() -> None:
    """
    Margin can be isolated where there is no position: then the cross wallet is not the whole wallet.
    """
    found = usdc(own=played.state(played.summary("577.5", "477.5"), played.summary("100.0"), out="100.0"))

    assert ("577.5", "100.0", "477.5") == (
        f"{found.wallet_balance:f}",
        f"{found.cross_wallet_balance:f}",
        f"{found.position_margin:f}",
    )
    assert None is found.maintenance_margin


def test_nothing() -> None:
    """
    An account that nobody has used yet has a row of nothing.
    """
    found = read()

    assert ["USDC"] == [balance.asset for balance in found.balances]
    assert {"0.0"} == set(figures(found.balances[0]).values()) - {"0"}
    assert () == found.notes


def test_tokens_beside_the_dexs_are_mentioned() -> None:
    """
    Where dexs keep balances of their own, tokens are no collateral: they are in no row, and nobody overlooks them.
    """
    found = read(own=CROSS, tokens=(*TOKENS, played.token("PURR", 1, "0.0")))

    assert (venue.SPOT.format("USDC 1050.0, HYPE 7.5"),) == found.notes
    assert Decimal("1050.0") == found.balances[0].equity


def test_dexs_with_the_same_collateral_are_added_up() -> None:
    """
    What is on several dexs is one asset, and not one collateral: sums are sums, and there is no maintenance margin.
    """
    found = usdc(own=CROSS, names=(None, "xyz", "abc"), xyz=CROSS, abc=played.NOTHING, metas={"xyz": 0})

    assert ("2000.0", "100.0", "2100.0", "240.0", "1760.0") == tuple(
        f"{getattr(found, name):f}"
        for name in ("wallet_balance", "unrealized_pnl", "equity", "position_margin", "max_withdraw")
    )
    assert None is found.maintenance_margin
    assert (dexs.APART.format("of Hyperliquid itself, xyz"),) == found.notes
    assert "derived: sum over the dexs of Hyperliquid itself, xyz" == found.basis["equity"]


def test_a_dex_with_another_collateral() -> None:
    """
    A dex that is margined in another token has a row of its own, named as the account's tokens are.
    """
    found = read(names=(None, "flx"), flx=CROSS, metas={"flx": 360}, tokens=[played.token("USDH", 360, "0.0")])

    assert [("USDC", "0.0"), ("USDH", "1050.0")] == [(row.asset, f"{row.equity:f}") for row in found.balances]


@pytest.mark.parametrize("mode", ["default", "unifiedAccount"])
def test_a_collateral_without_a_name(mode: str) -> None:
    """
    A token that nothing names cannot be reported, and is not left out either.
    """
    with pytest.raises(InvalidResponseError, match=r"^The dex flx is margined in a token that is not among those"):
        read(mode=mode, names=(None, "flx"), flx=CROSS, metas={"flx": 360}, tokens=TOKENS)


def test_a_dex_that_is_worth_something() -> None:
    """
    Nor is what a dex is worth left out where the account has no such token, and no positions that it would back.
    """
    idle = {**played.NOTHING, "marginSummary": {**CROSS["marginSummary"], "totalNtlPos": "0"}}
    with pytest.raises(InvalidResponseError, match=r"^The dex flx is margined in a token that is not among those"):
        read(mode="unifiedAccount", names=(None, "flx"), flx=idle, metas={"flx": 360}, tokens=TOKENS)


def test_one_balance_for_each_token() -> None:
    """
    Where each token is one balance, the dexs tell its PnL. Nobody documents whether the total has it in it, so that
    cash and equity of what backs positions are not known, and the row says why.
    """
    backing, other = read(mode="unifiedAccount", own=CROSS, tokens=TOKENS).balances

    assert {"unrealized_pnl": "50.0", "maintenance_margin": "10.0"} == figures(backing)
    assert (tokens.UNPROVEN.format("1050.0"),) == backing.notes
    assert {"wallet_balance": "7.5", "unrealized_pnl": "0", "equity": "7.5"} == figures(other)
    assert () == other.notes


def test_one_balance_without_positions() -> None:
    """
    Without positions, total is cash and equity alike, whatever is in it: nothing is to be doubted.
    """
    found = read(mode="unifiedAccount", tokens=TOKENS)

    assert [("USDC", "reported", ()), ("HYPE", "reported", ())] == [
        (balance.asset, balance.basis["wallet_balance"], balance.notes) for balance in found.balances
    ]


def test_one_balance_with_isolated_margin() -> None:
    """
    Nothing tells the maintenance margin of isolated positions, in this mode neither.
    """
    found = usdc(mode="unifiedAccount", own=EXAMPLES["clearinghouseState"], tokens=TOKENS)

    assert None is found.maintenance_margin
    assert (tokens.UNPROVEN.format("1050.0"), dexs.ISOLATED.format("0.0")) == found.notes


def test_positions_that_are_not_listed() -> None:
    """
    Positions that have a value and are not listed would pass for cash, so that such an answer is none.
    """
    with pytest.raises(
        InvalidResponseError, match=r"^marginSummary\.totalNtlPos: the value of positions of which none"
    ):
        read(own={**CROSS, "assetPositions": []})
    with pytest.raises(InvalidResponseError, match="of which none is listed"):
        read(own={**played.NOTHING, "crossMaintenanceMarginUsed": "10.0"})


def test_portfolio_margin() -> None:
    """
    Where tokens are lent and borrowed, nobody knows what total is: PnL alone is told.
    """
    found = usdc(mode="portfolioMargin", own=CROSS, tokens=TOKENS)

    assert {"unrealized_pnl": "50.0"} == figures(found)
    assert (tokens.DEBTS.format("1050.0"),) == found.notes


@pytest.mark.parametrize("mode", ["dexAbstraction", "news"])
def test_other_modes(mode: str) -> None:
    """
    A mode that is not known, and the one that is to be discontinued, would be read wrongly: the account fails.
    """
    with pytest.raises(ConfigurationError, match=f"in the mode '{mode}', which marginbook does not know"):
        read(mode=mode)


def test_a_list_of_dexs_that_begins_otherwise() -> None:
    """
    The first dex is Hyperliquid's own: a list that begins otherwise may have it anywhere, or nowhere.
    """
    for names in (("xyz",), ()):
        with pytest.raises(InvalidResponseError, match="the first is not Hyperliquid's own"):
            read(names=names)


@pytest.mark.parametrize("names", [(None, ""), (None, "flx", "flx")], ids=str)
def test_a_dex_that_is_listed_twice(names: tuple[str | None, ...]) -> None:
    """
    What is on a dex is not counted twice: two of one name are no list.
    """
    with pytest.raises(InvalidResponseError, match="two dexs have the same name"):
        read(own=CROSS, names=names, flx=CROSS, metas={"flx": 0})


def test_a_position_that_is_neither_cross_nor_isolated() -> None:
    """
    A new kind of margin is not taken for one of the known ones.
    """
    state = copy.deepcopy(CROSS)
    state["assetPositions"][0]["position"]["leverage"]["type"] = "portfolio"

    with pytest.raises(InvalidResponseError, match="margined in a way that is not known: 'portfolio'"):
        read(own=state)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("withdrawable",), "ClearinghouseState.withdrawable"),
        (("marginSummary", "accountValue"), "MarginSummary.accountValue"),
        (("assetPositions",), "ClearinghouseState.assetPositions"),
        (("assetPositions", 0, "position", "unrealizedPnl"), "Position.unrealizedPnl"),
        (("assetPositions", 0, "position", "leverage", "type"), "Leverage.type"),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "renamed", "null"])
def test_damaged_answers(path: tuple[Any, ...], named: str, damage: str) -> None:
    """
    A field that is missing, renamed or null makes the whole answer invalid, by its name.
    """
    state = copy.deepcopy(CROSS)
    place = state
    for step in path[:-1]:
        place = place[step]
    old = place.pop(path[-1])
    place.update({"missing": {}, "renamed": {f"{path[-1]}2": old}, "null": {path[-1]: None}}[damage])

    with pytest.raises(InvalidResponseError, match=named):
        read(own=state)


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if not isinstance(node, (dict, list, tuple)):
        yield path
        return
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        yield from leaves(child, (*path, key))


def another(body: Any, path: tuple[Any, ...]) -> Any:
    """
    The same body with another value at a path.
    """
    body = copy.deepcopy(body)
    place = body
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    number = isinstance(old, str) and old.lstrip("-").replace(".", "", 1).isdecimal()
    if old is None:
        place[path[-1]] = "1.0"
        return body
    place[path[-1]] = f"{Decimal(old) + 60_000}" if number else old + 1 if isinstance(old, int) else f"{old}1"
    return body


@pytest.mark.parametrize("state", [CROSS, EXAMPLES["clearinghouseState"]], ids=["cross", "published"])
def test_every_field_is_mapped_or_named_as_ignored(state: Any) -> None:
    """
    Another value of a field makes another statement, unless the venue says that it ignores the field or what it is in.
    """
    ignored = venue.HYPERLIQUID.ignores
    before = read(own=state)

    for path in leaves(state):
        names = [step for step in path if isinstance(step, str)]
        where = f".{'.'.join(names)}"
        is_ignored = any(name in ignored for name in names)
        is_ignored |= any("." in name and where.endswith(f".{name}") for name in ignored)
        try:
            differs = read(own=another(state, path)) != before
        except InvalidResponseError:
            differs = True
        assert is_ignored is not differs, path


@pytest.mark.parametrize("portrait", [p for p in PORTRAITS if p.name not in played.BEYOND], ids=lambda p: p.name)
def test_portraits(portrait: Portrait) -> None:
    """
    An account in our words, told in Hyperliquid's and asked over HTTP, comes out as its own figures or as not known.
    """
    with Sandbox([played.portray(portrait)]) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert [f"hyperliquid-{portrait.name}"] == [account.name for account in sandbox.accounts()]
    assert list(played.ASSETS[: len(portrait.wallets)]) == [balance.asset for balance in report.balances]
    for wallet, balance in zip(portrait.wallets, report.balances, strict=True):
        assert {n: Decimal(f) for n, f in figures(balance).items()} == {n: getattr(wallet, n) for n in balance.basis}
        if not portrait.shared:
            assert balance.basis.keys() >= {"wallet_balance", "unrealized_pnl", "equity", "max_withdraw"}


def test_the_stage() -> None:
    """
    The plugin's stage plays accounts of both kinds, and both are read.
    """
    with Sandbox(plugin.marginbook_stages()) as sandbox:
        report = collect(sandbox.accounts())

    assert report.complete
    assert [("hyperliquid", "USDC"), ("hyperliquid-unified", "+92260")] == [
        (balance.account, balance.asset) for balance in report.balances[:2]
    ]
    assert [venue.HYPERLIQUID] == plugin.marginbook_venues()


def ask(url: str, asked: Any) -> tuple[int, str]:
    response = requests.post(f"{url}/info", json=asked, timeout=10)
    return response.status_code, response.text


def test_the_stage_refuses() -> None:
    """
    What is asked wrongly is refused with a text, as the venue does; an address that is not known has nothing.
    """
    with Sandbox(played.stages()) as sandbox:
        wrong: list[Any] = [[], {"type": "news"}, {"type": "userAbstraction", "user": "0x12"}]
        for asked in (*wrong, {"type": "clearinghouseState", "user": ADDRESS, "dex": "nowhere"}):
            assert (422, "Failed to deserialize the JSON body into the target type") == ask(sandbox.url, asked)
        assert (200, '"default"') == ask(sandbox.url, {"type": "userAbstraction", "user": ADDRESS})
        upper = played.APART.address.upper().replace("X", "x", 1)
        assert (200, '"disabled"') == ask(sandbox.url, {"type": "userAbstraction", "user": upper})


def test_the_stage_has_a_limit() -> None:
    """
    An address that has spent its weight is told to wait.
    """
    with time_machine.travel(1_000_000_000, tick=False), Sandbox(played.stages()) as sandbox:
        found = [ask(sandbox.url, {"type": "perpDexs"})[0] for _ in range(played.LIMIT // 20 + 1)]

    assert [200, 429] == found[-2:]


def refused(status: int) -> ApiError:
    return ApiError("POST /info", status_code=status, headers={}, content=b"their own words")


def test_errors_go_by_their_status() -> None:
    """
    What is not understood is the address, which is a setting; too much is too much; others are left to their status.
    """
    misunderstood, throttled = explain(refused(422)), explain(refused(429))

    assert isinstance(misunderstood, ConfigurationError)
    assert "Check the address" in misunderstood.hint
    assert isinstance(throttled, RateLimitedError)
    assert None is explain(refused(500))
    assert 429 == played.REFUSALS["throttled"]().status_code


@pytest.mark.parametrize(
    "address", ["31ca8395cf837de08b24da3f660e77761dfb974b", "0x12", f"{ADDRESS}0", "0x" + "g" * 40]
)
def test_an_address_that_is_none(address: str) -> None:
    """
    What is no address is refused before anything is asked.
    """
    (failure,) = collect([Account("desk", "hyperliquid", options={"address": address})]).failures

    assert "configuration" == failure.kind
    assert "address: it is not 0x and 40 hexadecimal digits" in failure.message
