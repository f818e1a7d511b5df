"""
Nothing private is in cassettes/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import vcr  # type: ignore[import-untyped]
import yaml

from canaries import Ears, given_away, stages
from marginbook import collect
from recordings import CASSETTES, Cassette, cassettes, recordings, scrubbing

if TYPE_CHECKING:
    from pathlib import Path

PATHS = sorted(CASSETTES.glob("*/*.yaml"))


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
    No key, signature, time of a request or cookie: what could hold one is not kept at all.
    """
    for interaction in yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]:
        request, response = interaction["request"], interaction["response"]

        assert {"Accept"} == request["headers"].keys()
        assert {"Content-Type"} == response["headers"].keys()
        assert request["body"] is None
        assert {"recvWindow", "exchange"} >= parse_qs(urlsplit(request["uri"]).query).keys()


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_holds_no_secret_of_the_sandbox(path: Any) -> None:
    """
    Not even a secret that is worth nothing is in a cassette.
    """
    text = path.read_text(encoding="utf-8")
    secrets = {s.reveal().strip() for r in recordings() for s in r.account.credentials.values()}

    assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_accounts_have_no_alias(path: Any) -> None:
    """
    The venue's own code for an account is replaced wherever it stands.
    """
    aliases = re.findall(r'"accountAlias"\s*:\s*"([^"]*)"', path.read_text(encoding="utf-8"))

    assert {"redacted"} >= set(aliases)


def test_a_recording_keeps_no_secret(tmp_path: Path) -> None:
    """
    What is recorded of accounts that nobody has seen before, at every venue, has none of their secrets in it, nor a
    signature that was made with one.
    """
    with Ears(stages()) as sandbox:
        for account in sandbox.accounts():
            recorder = vcr.VCR(**scrubbing("sandbox", account), cassette_library_dir=str(tmp_path), record_mode="all")
            with recorder.use_cassette(f"{account.name}.yaml"):
                assert collect([account]).complete
    texts = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.yaml")]

    assert [1, 1, 1, 1, 1, 1, 2] == sorted(len(yaml.safe_load(text)["interactions"]) for text in texts)
    assert len(sandbox.signatures) >= 5
    assert [] == given_away("\n".join(texts), sandbox.hidden)
