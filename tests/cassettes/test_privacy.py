"""
Nothing private is in cassettes/.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
import vcr  # type: ignore[import-untyped]
import yaml

from canaries import Ears, given_away, stages
from marginbook import collect
from recordings import CASSETTES, INSTALLED, NOBODY, Cassette, cassettes, recordings, scrubbing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATHS = sorted(CASSETTES.glob("*/*.yaml"))

#: What may be asked for in an address.
QUERIES: Final = {
    *("recvWindow", "exchange", "productType", "accountType", "coinName", "currency", "extended", "contractType"),
}

#: What a cassette may say of the account: what decides what is asked.
OPTIONS: Final = {
    *("address", "account_type", "api_version", "contracts", "demo", "detail", "exchange", "path_prefix"),
    *("product_type", "recv_window", "simulated_trading", "wallet", "weight_limit"),
}

#: Fields that name an account or its owner, written down once more than in the plugins.
NAMES: Final = {
    **dict.fromkeys(("binance-usdm", "binance-coinm", "fexgate"), ("accountAlias",)),
    "bitmex": ("account",),
    "coinswitch": ("position_id", "client_txn_id"),
    "deribit": ("id", "email", "system_name", "username", "referrer_id", "deposit_address"),
    "gate": ("user", "user_id"),
    "okx": ("uid", "mainUid", "label", "ip"),
}


def test_every_recording_is_there() -> None:
    """
    Each account that is recorded has its cassette, and nothing else is in the folders.
    """
    expected = {recording.name for recording in recordings()}

    assert expected == {c.name for c in cassettes() if c.kind != "live"}


@pytest.mark.parametrize("cassette", cassettes(), ids=lambda c: c.name)
def test_says_its_kind(cassette: Cassette) -> None:
    """
    A cassette says itself whether it is published, from the sandbox, or live; the folder only repeats it.
    """
    assert cassette.name.partition("/")[0] == cassette.kind


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_holds_what_is_needed_and_nothing_else(path: Any) -> None:
    """
    No key, passphrase, nonce, signature, time of a request or cookie: what could hold one is not kept at all. What was
    posted is a question, which names nobody.
    """
    for interaction in _interactions(path):
        request, response = interaction["request"], interaction["response"]
        posted = json.loads(request["body"] or "{}")

        assert {"body", "headers", "method", "uri"} == request.keys()
        assert {"body", "headers", "kind", "options", "status", "venue"} == response.keys()
        assert {"Accept"} == request["headers"].keys()
        assert {"Content-Type"} == response["headers"].keys()
        assert {"GET": False, "POST": True}[request["method"]] == bool(request["body"])
        assert {"type", "user", "dex"} >= posted.keys()
        assert "0x0000000000000000000000000000000000000000" == posted.get("user", NOBODY)
        assert QUERIES >= parse_qs(urlsplit(request["uri"]).query).keys()
        assert OPTIONS >= response["options"].keys()


def _interactions(path: Path) -> list[dict[str, Any]]:
    return list(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["interactions"])


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_holds_no_secret_of_the_sandbox(path: Any) -> None:
    """
    Not even a secret that is worth nothing is in a cassette, nor an address by which an account could be looked up.
    """
    text = path.read_text(encoding="utf-8")
    secrets = {s.reveal().strip() for r in recordings() for s in r.account.credentials.values()}
    addresses = {str(r.account.options["address"]) for r in recordings() if "address" in r.account.options}

    assert [secret for secret in secrets | addresses if secret.lower() in text.lower()] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_accounts_have_no_name(path: Any) -> None:
    """
    The venue's own name or number for an account, a position or their owner is replaced wherever it stands.
    """
    answers = [(i["response"]["venue"], i["response"]["body"]["string"]) for i in _interactions(path)]
    told = {value for venue, body in answers for value in _owners(json.loads(body), NAMES.get(venue, ()))}

    assert {"redacted", "", 0, None} >= told


def _owners(node: Any, names: tuple[str, ...]) -> Iterator[Any]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in pairs:
        if name in names:
            yield value
        else:
            yield from _owners(value, names)


def test_a_recording_keeps_no_secret(tmp_path: Path) -> None:
    """
    What is recorded of accounts has none of their secrets in it, nor a signature that was made with one: of accounts
    that nobody has seen before, and of the sandbox's own at the other venues.
    """
    fresh = stages()
    others = [stage for stage in INSTALLED.stages() if stage.venue not in {made.venue for made in fresh}]
    with Ears([*fresh, *others]) as sandbox:
        for account in sandbox.accounts():
            recorder = vcr.VCR(**scrubbing("sandbox", account), cassette_library_dir=str(tmp_path), record_mode="all")
            with recorder.use_cassette(f"{account.name}.yaml"):
                assert collect([account]).complete
    made = {actor.name for stage in fresh for actor in stage.actors}
    texts = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.yaml")]

    assert {account.name for account in sandbox.accounts()} == {path.stem for path in tmp_path.glob("*.yaml")}
    assert [1, 1, 1, 1, 1, 1, 2] == sorted(len(_interactions(tmp_path / f"{name}.yaml")) for name in made)
    assert len(sandbox.signatures) >= 5
    assert [] == given_away("\n".join(texts), sandbox.hidden)
