"""
Tokens.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from marginbook import ConfigurationError, CredentialsError
from marginbook.serving import Token

CANARY = "canary-1f0e9d-canary"


@pytest.mark.parametrize(
    ("header", "opens"),
    [
        (f"Bearer {CANARY}", True),
        (f"bearer {CANARY}", True),
        (f"Bearer  {CANARY} ", True),
        (f"Basic {CANARY}", False),
        (f"Bearer{CANARY}", False),
        (CANARY, False),
        (f"Bearer {CANARY[:-1]}", False),
        (f"Bearer {CANARY}x", False),
        (f"Bearer {CANARY.upper()}", False),
        ("Bearer ñ", False),
        ("Bearer ", False),
        ("Bearer", False),
        ("", False),
    ],
)
def test_headers(header: str, opens: object) -> None:
    """
    Only the whole token opens, as a bearer brings it.
    """
    assert opens is Token(CANARY).opens(header)


@pytest.mark.parametrize("text", ["", "x" * 15, "with a blank in it", "naïve-naïve-naïve", f"{CANARY}\n", f"={CANARY}"])
def test_texts_that_are_no_tokens(text: str) -> None:
    """
    A token that can be guessed, or that no header can bring, is refused, and not shown.
    """
    with pytest.raises(ConfigurationError, match="shorter than 16 characters") as caught:
        Token(text)

    assert "token_urlsafe" in caught.value.hint
    assert not text or text not in str(caught.value)


def test_it_shows_itself_nowhere() -> None:
    """
    Its repr is what anybody may see.
    """
    assert "Token()" == repr(Token(CANARY))


def test_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The text of a file, without the line end; the file has precedence over the environment.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MARGINBOOK_SERVE_TOKEN", "of the environment")
    Path("token").write_text(f"{CANARY}\n")

    assert Token(CANARY) == Token.find(Path("token"))


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The variable holds the token itself.
    """
    monkeypatch.setenv("MARGINBOOK_SERVE_TOKEN", CANARY)

    assert Token(CANARY) == Token.find(None)


def test_no_token() -> None:
    """
    Where nothing is named, there is none.
    """
    assert Token.find(None) is None


def test_places_without_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who names a place wants a token: where it has none, that is an error, and not a server without one.
    """
    monkeypatch.setenv("MARGINBOOK_SERVE_TOKEN", "")

    with pytest.raises(CredentialsError, match="MARGINBOOK_SERVE_TOKEN"):
        Token.find(None)
    with pytest.raises(CredentialsError, match="missing"):
        Token.find(tmp_path / "missing")
