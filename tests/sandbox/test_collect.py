"""
marginbook itself, asked for the accounts of the sandbox: what the venues told is what the report says.
"""

from __future__ import annotations

import hashlib
import json
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import time_machine
from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from marginbook import Account, BalanceReport, collect, load_accounts
from marginbook_binance import cast, depths
from marginbook_coinswitch import stage as coinswitch
from marginbook_fexgate import stage as fexgate
from processes import started

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from marginbook.sandbox import Sandbox

PASSED_ON: Final = {
    "wallet_balance": "balance",
    "available_balance": "availableBalance",
    "max_withdraw": "maxWithdrawAmount",
    "cross_wallet_balance": "crossWalletBalance",
    "cross_unrealized_pnl": "crossUnPnl",
}

COINS: Final = PASSED_ON | {"max_withdraw": "withdrawAvailable"}

IN_DETAIL: Final = {
    "wallet_balance": "walletBalance",
    "unrealized_pnl": "unrealizedProfit",
    "equity": "marginBalance",
    "initial_margin": "initialMargin",
    "position_margin": "positionInitialMargin",
    "order_margin": "openOrderInitialMargin",
    "maintenance_margin": "maintMargin",
    "available_balance": "availableBalance",
    "max_withdraw": "maxWithdrawAmount",
    "cross_wallet_balance": "crossWalletBalance",
    "cross_unrealized_pnl": "crossUnPnl",
}

WALLET: Final = {
    "wallet_balance": "total_balance",
    "initial_margin": "total_blocked_balance",
    "position_margin": "total_position_margin",
    "order_margin": "total_open_order_margin",
    "available_balance": "total_available_balance",
}

LOCKS: Final = {
    "blocked_balance": "blocked_balance",
    "position_margin": "position_margin",
    "order_margin": "open_order_margin",
}

Row = dict[str, str]


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def told() -> dict[tuple[str, str], Row]:
    """
    Return what the venues tell of each account and asset, in our words and with their digits.
    """
    rows = [
        *(("binance-hmac", row, PASSED_ON) for row in cast.SINGLE),
        *(("binance-rsa", row, PASSED_ON) for row in cast.UNDER),
        *(("binance-ed25519", row, PASSED_ON) for row in cast.MULTI),
        *(("binance-margin", row, IN_DETAIL) for row in depths.HEDGED_WHOLE["assets"]),
        *(("binance-coins", row, COINS) for row in cast.COINS),
        # All that is said of these rows is derived.
        *(("binance-portfolio", row, {}) for row in depths.PORTFOLIO),
        *(("fexgate", row, PASSED_ON) for row in fexgate.ROWS),
        *(
            ("coinswitch", {"asset": row["base_asset"], **row["balances"]}, WALLET)
            for row in coinswitch.WALLET["base_asset_balances"]
        ),
    ]
    return {
        (account, row["asset"]): {ours: row[theirs] for ours, theirs in names.items() if row.get(theirs)}
        for account, row, names in rows
    }


def reported(report: BalanceReport) -> dict[tuple[str, str], Row]:
    """
    Return what a report says that the venues told.
    """
    return {
        (balance.account, balance.asset): {
            name: format(getattr(balance, name), "f") for name, basis in balance.basis.items() if basis == "reported"
        }
        for balance in report.balances
    }


def test_all_accounts(sandbox: Sandbox) -> None:
    """
    All accounts, with three kinds of keys at Binance alone, are in the report with every digit that was told.
    """
    report = collect(sandbox.accounts())

    assert report.complete
    assert told() == reported(report)


def test_times(sandbox: Sandbox) -> None:
    """
    So are the times of the rows, and those that were never set stay unknown.
    """
    times = {(b.account, b.asset): b.updated_at for b in collect(sandbox.accounts()).balances}

    assert datetime(2025, 11, 20, 1, 0, tzinfo=UTC) == times["binance-hmac", "USDT"]
    assert datetime(2025, 11, 20, 1, 0, 7, tzinfo=UTC) == times["fexgate", "BUSD"]
    assert {
        ("binance-ed25519", "FDUSD"),
        ("binance-portfolio", "BNB"),
        ("fexgate", "BNB"),
        ("coinswitch", "USDT"),
        ("coinswitch", "INR"),
    } == {row for row, time in times.items() if time is None}


def test_locks(sandbox: Sandbox) -> None:
    """
    So is what each symbol locks.
    """
    expected = {row["symbol"]: {o: row[t] for o, t in LOCKS.items()} for row in coinswitch.WALLET["asset"]}

    assert expected == {
        lock.symbol: {name: format(getattr(lock, name), "f") for name in LOCKS}
        for lock in collect(sandbox.accounts()).locks
        if lock.account == "coinswitch"
    }


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("binance-hmac", depths.SINGLE_WHOLE),
        ("binance-rsa", depths.UNDER_WHOLE),
        ("binance-ed25519", depths.MULTI_WHOLE),
        ("binance-margin", depths.HEDGED_WHOLE),
        ("binance-coins", depths.COINS_WHOLE),
    ],
)
def test_in_detail(name: str, whole: dict[str, Any], sandbox: Sandbox) -> None:
    """
    With detail margin, every account of futures tells its margins, and nothing about them is contradictory.
    """
    report = collect([account for account in sandbox.accounts() if account.name == name], detail="margin")

    assert report.complete
    assert {
        (name, row["asset"]): {ours: row[theirs] for ours, theirs in IN_DETAIL.items()} for row in whole["assets"]
    } == reported(report)
    assert len(whole["positions"]) == len({lock.symbol for lock in report.locks})
    remarks = [note for row in report.balances for note in row.notes]
    remarks += [note for row in report.summaries for note in row.notes]
    assert [] == [note for note in remarks if "do not add up" in note or "more than that of its row" in note]


def test_the_account_as_a_whole(sandbox: Sandbox) -> None:
    """
    Totals of an account say in which currency, and whether assets share collateral.
    """
    report = collect(sandbox.accounts(), detail="margin")

    assert {
        "binance-hmac": ("USDT", "single-asset", "122607.35137903"),
        "binance-rsa": ("USDT", "single-asset", "100.00000000"),
        "binance-ed25519": ("USD", "multi-assets", "152749.27507500"),
        "binance-margin": ("USDT", "single-asset", "25000.00000000"),
        "binance-portfolio": ("USD", "portfolio", "None"),
    } == {s.account: (s.currency, s.mode, str(s.wallet_balance)) for s in report.summaries}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("binance-hmac", {"api_version": "v2"}),
        ("binance-hmac", {"recv_window": 1}),
        ("binance-rsa", {"recv_window": 60_000}),
        ("fexgate", {"path_prefix": "/api"}),
        ("fexgate", {"path_prefix": ""}),
    ],
)
@pytest.mark.usefixtures("clock")
def test_options(name: str, options: dict[str, Any], sandbox: Sandbox) -> None:
    """
    The options lead to the same rows another way.
    """
    (account,) = [account for account in sandbox.accounts() if account.name == name]
    report = collect([evolve(account, options=account.options | options)])

    assert report.complete
    assert {row: amounts for row, amounts in told().items() if row[0] == name} == reported(report)


def test_private_key_on_one_line(sandbox: Sandbox) -> None:
    r"""
    A private key may have its line ends written as \n, as environment variables often do.
    """
    (account,) = [account for account in sandbox.accounts() if account.name == "binance-ed25519"]
    secret = account.credentials["api_secret"].reveal()

    assert collect([changed(account, "api_secret", secret.replace("\n", "\\n"))]).complete


def changed(account: Account, name: str, value: str) -> Account:
    return evolve(account, credentials={**account.credentials, name: value})


#: Credentials that are wrong, and a word of what is said of each.
WRONG: Final[dict[str, tuple[str, str, Callable[[], str], str]]] = {
    "an odd key": ("binance-hmac", "api_key", lambda: "not-a-key", "-2014"),
    "an unknown key": ("binance-hmac", "api_key", lambda: "a" * 64, "-2015"),
    "an unknown key of an RSA pair": ("binance-rsa", "api_key", lambda: "a" * 64, "-2015"),
    "an unknown key of an Ed25519 pair": ("binance-ed25519", "api_key", lambda: "a" * 64, "-2015"),
    "an unknown key for coins": ("binance-coins", "api_key", lambda: "a" * 64, "-2015"),
    "another secret": ("binance-hmac", "api_secret", lambda: "b" * 64, "-1022"),
    "another secret for coins": ("binance-coins", "api_secret", lambda: "b" * 64, "-1022"),
    "another RSA key": ("binance-rsa", "api_secret", lambda: pem(rsa.generate_private_key(65537, 2048)), "-1022"),
    "another Ed25519 key": (
        "binance-ed25519",
        "api_secret",
        lambda: pem(ed25519.Ed25519PrivateKey.generate()),
        "-1022",
    ),
    "a key of another kind": ("binance-rsa", "api_secret", lambda: pem(ed25519.Ed25519PrivateKey.generate()), "-1022"),
    "a secret of another kind": ("binance-ed25519", "api_secret", lambda: "b" * 64, "-1022"),
    "a key that Binance cannot know": (
        "binance-ed25519",
        "api_secret",
        lambda: pem(ec.generate_private_key(ec.SECP256R1())),
        "PKCS#8",
    ),
    "half of a pair": ("coinswitch", "api_secret", lambda: "01" * 32, "does not belong"),
    "no pair": ("coinswitch", "api_secret", lambda: "hunter2", "hexadecimal"),
    "another gateway's key": ("fexgate", "api_key", lambda: "somebody-else", "16"),
    "another gateway's secret": ("fexgate", "api_secret", lambda: "somebody-else's", "16"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_credentials(
    wrong: tuple[str, str, Callable[[], str], str], sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """
    Wrong credentials are said to be wrong, without being repeated, and hide no other account.
    """
    name, credential, make, word = wrong
    value = make()
    report = collect(
        [changed(account, credential, value) if account.name == name else account for account in sandbox.accounts()]
    )
    (failure,) = report.failures
    shown = "\n".join([str(report), repr(report), report.to_json(), *capfd.readouterr()])

    assert (name, "credentials") == (failure.account, failure.kind)
    assert word in str(failure)
    assert {row: amounts for row, amounts in told().items() if row[0] != name} == reported(report)
    assert all(line not in shown for line in value.splitlines() if not line.startswith("-----"))


def test_unknown_pair(sandbox: Sandbox) -> None:
    """
    A pair of keys that CoinSwitch does not know may as well be a wrong clock: it is blamed when the time was right.
    """
    (account,) = [account for account in sandbox.accounts() if account.venue == "coinswitch"]
    key = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"another").digest())
    secrets = {"api_key": key.public_key().public_bytes_raw().hex(), "api_secret": key.private_bytes_raw().hex()}
    (failure,) = collect([evolve(account, credentials=secrets)]).failures

    assert "credentials" == failure.kind
    assert failure.message.endswith("answered with status 401. The time of the request was right.")
    assert all(secret not in str(failure) for secret in secrets.values())


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("coinswitch", "01" * 32),
        ("coinswitch", "hunter2"),
        ("binance-rsa", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"),
    ],
)
def test_refused_before_any_call(name: str, secret: str, registry: Any) -> None:
    """
    What can be seen to be wrong on this machine is not sent: nobody listens there, and nobody is missed.
    """
    (actor,) = [actor for stage in registry.stages() for actor in stage.actors if actor.name == name]
    venue = "coinswitch" if name == "coinswitch" else "binance-usdm"
    account = Account(name, venue, actor.credentials | {"api_secret": secret}, {"base_url": "http://127.0.0.1:9"})
    (failure,) = collect([account]).failures

    assert "credentials" == failure.kind
    assert secret not in str(failure)


def test_unknown_exchange(sandbox: Sandbox) -> None:
    """
    An exchange that the gateway does not know is a mistake in the accounts file.
    """
    (account,) = [account for account in sandbox.accounts() if account.venue == "fexgate"]
    (failure,) = collect([evolve(account, options=account.options | {"exchange": "elsewhere"})]).failures

    assert "configuration" == failure.kind
    assert "exchange" in failure.hint


@pytest.mark.usefixtures("clock")
def test_spent(sandbox: Sandbox) -> None:
    """
    Who asks too often is told when to come back. Other hosts' accounts are not held back.
    """
    with requests.Session() as session:
        for _ in range(240):
            session.get(f"{sandbox.url}/fapi/v2/balance", timeout=10)
    report = collect(sandbox.accounts())

    until = datetime(2026, 1, 15, 12, 31, 0, 250_000, UTC)
    assert {
        ("binance-hmac", "rate_limited", until),
        ("binance-rsa", "rate_limited", until),
        ("binance-ed25519", "rate_limited", until),
        ("binance-margin", "rate_limited", until),
    } == {(failure.account, failure.kind, failure.until) for failure in report.failures}
    assert {"binance-coins", "binance-portfolio", "coinswitch", "fexgate"} == {
        balance.account for balance in report.balances
    }


@pytest.mark.parametrize(("hours", "relation"), [(3, "ahead of"), (-3, "behind")])
def test_wrong_clock(hours: int, relation: str, tmp_path: Path) -> None:
    """
    A clock that is three hours off costs nothing but a note, where the venue tells the time. The sandbox that knows it
    is a process of its own, and ends when it is interrupted, with nothing to complain of.
    """
    path = tmp_path / "sandbox.toml"
    venues = ("binance-coinm", "binance-pm", "binance-usdm", "coinswitch", "fexgate")
    played = [argument for venue in venues for argument in ("--venue", venue)]
    with started("-m", "marginbook", "sandbox", *played, "--write-accounts", str(path)) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)):
            report = collect(load_accounts(path))
        process.send_signal(signal.SIGINT)
        complaints = process.communicate(timeout=10)[1]

    assert lines[0].startswith(f"Playing {', '.join(venues)} at http://127.0.0.1:")
    # Portfolio Margin does not tell the time, so nobody knows how wrong the clock is.
    assert [("binance-portfolio", "clock")] == [(failure.account, failure.kind) for failure in report.failures]
    assert {row: amounts for row, amounts in told().items() if row[0] != "binance-portfolio"} == reported(report)
    # The gateway does not ask for the time.
    assert {account for account, _ in told()} - {"binance-portfolio", "fexgate"} == {
        note.account for note in report.notes if f"clock is 10800 seconds {relation}" in note.message
    }
    assert (0, "") == (process.returncode, complaints)


def test_json(sandbox: Sandbox) -> None:
    """
    What a report writes as JSON still has every digit.
    """
    balances = json.loads(collect(sandbox.accounts()).to_json())["balances"]
    rows = {(row["account"], row["asset"]): row for row in balances}

    assert all(amount == rows[place][name] for place, amounts in told().items() for name, amount in amounts.items())
