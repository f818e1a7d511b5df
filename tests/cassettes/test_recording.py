"""
Records every cassette when asked to, and replays it through the whole of marginbook otherwise.
"""

from __future__ import annotations

import pytest
from attrs import evolve

from marginbook import collect
from recordings import Recording, recordings

RECORDINGS = [
    pytest.param(recording, marks=[pytest.mark.vcr, pytest.mark.default_cassette(recording.name)], id=recording.name)
    for recording in recordings()
]


@pytest.mark.parametrize("recording", RECORDINGS)
def test_recorded_account(recording: Recording, playing: dict[str, str]) -> None:
    """
    An account is asked at the venue's own address, and answers from its cassette.

    The gateway's published example says "string" where an amount belongs: that is no answer.
    """
    account = recording.account
    if recording.kind in playing:
        account = evolve(account, options={**account.options, "base_url": playing[recording.kind]})
    report = collect([account])

    expected = "invalid_response" if recording.name == "published/fexgate" else "ok"
    assert expected == (report.failures[0].kind if report.failures else "ok")
