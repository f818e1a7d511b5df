"""
What a status means where a venue's plugin has no better word.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from marginbook import ApiError
from marginbook.transport import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from marginbook import MarginbookError


def explained(status: int, headers: Mapping[str, str] | None = None) -> MarginbookError:
    return explain(ApiError("GET /v1/balance", status_code=status, headers=headers or {}, content=b"canary"))


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (200, "invalid_response", "The venue may have changed"),
        (204, "invalid_response", "The venue may have changed"),
        (302, "configuration", "Redirects are not followed, since they would carry the key elsewhere."),
        (399, "configuration", "Check base_url."),
        (400, "invalid_response", "The venue may have changed"),
        (401, "credentials", "Check the key, the secret"),
        (403, "permission", "list of addresses"),
        (404, "configuration", "check base_url"),
        (405, "configuration", "check base_url"),
        (407, "configuration", "HTTPS_PROXY"),
        (408, "unavailable", "Try again"),
        (410, "configuration", "retired"),
        (418, "rate_limited", "banned this address"),
        (422, "invalid_response", "The venue may have changed"),
        (429, "rate_limited", "Ask less often"),
        (451, "permission", "does not serve the place"),
        (500, "unavailable", "Try again later"),
        (501, "configuration", "check base_url"),
        (503, "unavailable", "Try again later"),
        (530, "unavailable", "Try again later"),
        (101, "unavailable", "Try again later"),
    ],
)
def test_statuses(status: int, kind: str, hint: str) -> None:
    """
    The kind to branch on, the place and the status, and what to do; nothing of the body.
    """
    error = explained(status)

    assert kind == error.kind
    assert f"GET /v1/balance answered with status {status}." == error.message
    assert hint in error.hint
    assert "canary" not in str(error)


def test_when_to_come_back() -> None:
    """
    A server that says when it wants to be asked again is quoted.
    """
    assert explained(429).until is None
    assert datetime(2026, 7, 1, 12, tzinfo=UTC) == (
        explained(429, {"Retry-After": "Wed, 01 Jul 2026 12:00:00 GMT"}).until
    )
