"""
Reading an accounts file.
"""

from __future__ import annotations

import os
import traceback
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginbook import Account, ConfigurationError, load_accounts
from marginbook.loading import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.conftest import Plugins

CANARY: Final = "canary-1f0e9d"

#: A file in which a slip of the pen may happen.
SOUND: Final = f"""[accounts.a]
venue = "coinswitch"
api_key = ["env:A", "file:b"]
api_secret = "{CANARY}"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "accounts.toml"


def refusal(file: Path, text: str) -> ConfigurationError:
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_accounts(file)
    assert_silent(caught.value)
    return caught.value


def assert_silent(error: BaseException | None) -> None:
    """
    Neither the error nor anything behind it holds the secret, not even its first or its last letters.
    """
    while error is not None:
        held = "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(error.args)
        assert [] == [part for part in CANARY.split("-") if part in held]
        error = error.__cause__ or error.__context__


def test_an_accounts_file(file: Path) -> None:
    """
    Accounts come in the file's order, with references to secrets here and options there.
    """
    file.write_text(
        """
        [accounts.zeta]
        venue = "fexgate"
        base_url = "http://127.0.0.1:8000"
        exchange = "fbinance"
        api_key = "env:K"
        api_secret = "keyring:desk/zeta"

        [accounts."desk a"]
        venue = "binance-usdm"
        api_key = "env:K"
        api_secret = "cmd:pass show desk"
        api_version = "v2"
        recv_window = 1000
        """
    )

    assert (
        Account(
            "zeta",
            "fexgate",
            {"api_key": "env:K", "api_secret": "keyring:desk/zeta"},
            {"base_url": "http://127.0.0.1:8000", "exchange": "fbinance"},
        ),
        Account(
            "desk a",
            "binance-usdm",
            {"api_key": "env:K", "api_secret": "cmd:pass show desk"},
            {"api_version": "v2", "recv_window": 1000},
        ),
    ) == load_accounts(file)
    assert load_accounts(file) == load_accounts(str(file)) == load_accounts(os.fspath(file))


def test_the_example_is_one(file: Path) -> None:
    """
    What an error shows as an example can be copied.
    """
    file.write_text(EXAMPLE.partition("\n")[2])

    assert (Account("desk-a", "binance-usdm", {"api_key": "env:DESK_A_KEY", "api_secret": "env:DESK_A_SECRET"}),) == (
        load_accounts(file)
    )


def test_files_are_below_the_accounts_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The path of a secret is relative to the folder of the accounts file, wherever the process goes afterwards.
    """
    (file.parent / "keys").mkdir()
    (file.parent / "keys" / "a").write_text("the key")
    (file.parent / "b").write_text("the secret")
    file.write_text(
        f'[accounts.a]\nvenue = "coinswitch"\napi_key = "file:keys/a"\napi_secret = "file:{file.parent}/b"\n'
    )
    monkeypatch.chdir(file.parent)
    (account,) = load_accounts("accounts.toml")
    monkeypatch.chdir("/")

    assert {"api_key": "the key", "api_secret": "the secret"} == {
        name: secret.reveal() for name, secret in account.credentials.items()
    }


def test_lists_of_references(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A credential may be a list; the files in it are relative to the folder of the accounts file, too.
    """
    monkeypatch.delenv("UNSET", raising=False)
    (file.parent / "b").write_text("the key")
    file.write_text('[accounts.a]\nvenue = "coinswitch"\napi_key = ["env:UNSET", "file:a", "file:b"]\n')
    (account,) = load_accounts(file)

    assert "the key" == account.credentials["api_key"].reveal()
    assert f"file:{file.parent}/b" == account.credentials["api_key"].find().place


def test_lists_without_a_text(file: Path) -> None:
    """
    A list without a text has no reference in it: what is wrong with it is for the venue to say.
    """
    file.write_text('[accounts.a]\nvenue = "coinswitch"\napi_key = []\napi_secret = [1, 2]\n')

    assert (Account("a", "coinswitch", {}, {"api_key": [], "api_secret": [1, 2]}),) == load_accounts(file)


def test_unknown_settings_are_kept_as_secrets(file: Path) -> None:
    """
    A text under a mistyped name may be a secret, so nothing shows it.
    """
    file.write_text(f'[accounts.a]\nvenue = "coinswitch"\napi_sceret = "{CANARY}"\napi_key = 12345\n')
    (account,) = load_accounts(file)

    assert (["api_sceret"], {"api_key": 12345}) == (list(account.credentials), account.options)
    assert CANARY not in repr(account)


def test_unknown_venues_are_left_to_the_report(file: Path) -> None:
    """
    An account whose venue is not installed, or broken, is an account: the report will say what is wrong with it.
    """
    file.write_text('[accounts.a]\nvenue = "acme"\nbase_url = "http://x"\ntoken = "env:T"\nlevel = 3\n')

    assert (Account("a", "acme", {"token": "env:T"}, {"base_url": "http://x", "level": 3}),) == load_accounts(file)


def test_a_registry_of_ones_own(file: Path, plugins: Plugins) -> None:
    """
    Which texts are options is for the venues of the given registry to say.
    """
    plugins.add(
        "acme",
        "acme",
        source="""
from marginbook import Option, Venue, hookimpl

@hookimpl
def marginbook_venues():
    return [Venue(id="acme", title="Acme", fetch=print, options=[Option("level", str, "It.")])]
""",
    )
    file.write_text('[accounts.a]\nvenue = "acme"\nlevel = "high"\n')

    assert (Account("a", "acme", options={"level": "high"}),) == load_accounts(file, registry=plugins.registry())
    assert (Account("a", "acme", {"level": "high"}),) == (
        load_accounts(file, registry=plugins.registry(disabled=["acme"]))
    )


def test_a_missing_file(file: Path) -> None:
    """
    The path, the system's reason, and what such a file looks like.
    """
    with pytest.raises(ConfigurationError) as caught:
        load_accounts(file)

    assert f"The accounts file {file} cannot be read: No such file or directory." == caught.value.message
    assert EXAMPLE == caught.value.hint
    with pytest.raises(ConfigurationError, match=f"The accounts file {file.parent} cannot be read: Is a directory"):
        load_accounts(file.parent)


def test_files_that_are_no_text(file: Path) -> None:
    """
    A file in another encoding says how to save it.
    """
    file.write_bytes(f"[accounts.ä]\napi_secret = '{CANARY}'".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"accounts\.toml is not UTF-8 text\. Save it as UTF-8\.") as caught:
        load_accounts(file)
    assert_silent(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "it has no accounts"),
        ("[accounts]", "it has no accounts"),
        ("accounts = 5", "it has no accounts"),
        ("[[accounts]]\nvenue = 'coinswitch'", "it has no accounts"),
        ("[account.a]\nvenue = 'coinswitch'", "there is no place for 'account'"),
        ("timeout = 5\n[accounts.a]\nvenue = 'coinswitch'", "there is no place for 'timeout'"),
    ],
)
def test_files_of_something_else(file: Path, text: str, expected: str) -> None:
    """
    A file without accounts, or with more than accounts, is not what the caller thinks it is.
    """
    error = refusal(file, text)

    assert f"{file}: {expected}." == error.message
    assert EXAMPLE == error.hint


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[accounts.a\n", "line 1, column 12"),
        ("[accounts.a]\nvenue = coinswitch\n", "line 2, column 9"),
        (f'[accounts.a]\napi_secret = "{CANARY}\n', "line 2, column 28"),
        ("[accounts.a]\n[accounts.a]\n", "line 2, column 12"),
        ("[accounts.a]\nvenue = 'x'\nvenue = 'x'\n", "line 3, column 12"),
        (f"[accounts.a]\nvenue = 'x'\napi_key = {CANARY}\n", "line 3, column 11"),
        (f"[accounts.a]\nvenue = 'x'\n{CANARY}\n", "line 3, column 14"),
        (f"[accounts.a]\nvenue = 'x'\napi_key = ['env:A', '{CANARY}'\n", "end of document"),
        (f'[accounts.a]\nvenue = "x"\napi_key = """{CANARY}\n', "end of document"),
        (f"[accounts.a]\nvenue = 'x'\napi_key = '{CANARY}'\napi_key = '{CANARY}'\n", "line 4, column"),
        (f"[accounts.a]\nvenue = 'x'\napi_key = '{CANARY}'\n[accounts.a.api_key]\n", "line 4, column"),
    ],
)
def test_files_that_are_no_toml(file: Path, text: str, where: str) -> None:
    """
    A slip of the pen is told with its place, and what was written there is not repeated.
    """
    error = refusal(file, text)

    assert error.message.startswith(f"{file} is not TOML: ")
    assert where in error.message
    assert EXAMPLE == error.hint


@given(place=st.integers(0, len(SOUND)), slip=st.sampled_from([*"\"'\\\n\0 #=[]{},.:-0aé", '"' * 3, " = "]))
def test_slips_of_the_pen(place: int, slip: str) -> None:
    """
    Wherever a stray character stands, no error repeats a secret.
    """
    with NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(SOUND[:place] + slip + SOUND[place:])
        file.flush()
        try:
            load_accounts(file.name)
        except ConfigurationError as error:
            assert_silent(error)


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000])
def test_values_without_end(file: Path, value: str) -> None:
    """
    What is too long to be read is said, and not repeated.
    """
    error = refusal(file, f"{SOUND}recv_window = {value}")

    assert f"{file} has a number that is too long in it, or lists in lists without end." == error.message
    assert value not in str(error)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[accounts]\na = 5", "accounts.a: It names no venue. Add a line such as venue ="),
        (f"[accounts.a]\nvenu = '{CANARY}'", "accounts.a: It names no venue."),
        ("[accounts.a]\nvenue = 5", "accounts.a: It names no venue."),
        ("[accounts.a]\nvenue = ''", "accounts.a: The venue of an account is empty. Give it a text of printable"),
        ("[accounts.'']\nvenue = 'coinswitch'", "accounts.: The name of an account is empty. Give it a text"),
        ('[accounts."a\\tb"]\nvenue = "coinswitch"', "The name of an account has characters that cannot be"),
        (f"[accounts.a]\nvenue = ['{CANARY}']", "accounts.a: It names no venue."),
        (f'[accounts.a]\nvenue = "{CANARY}\\u0007"', "accounts.a: The venue of an account has characters that"),
        (f"api_key = '{CANARY}'\n[accounts.a]\nvenue = 'coinswitch'", "there is no place for 'api_key'"),
        (f"[accounts]\napi_key = '{CANARY}'", "accounts.api_key: It names no venue."),
        (
            f"[accounts.a]\nvenue = 'coinswitch'\napi_key = ['env:A', '{CANARY}']",
            "accounts.a: api_key: A list of references has a secret itself in it",
        ),
        (
            f"[accounts.a]\nvenue = 'coinswitch'\napi_key = ['{CANARY}', 5]",
            "accounts.a: api_key: A secret or a reference to one is text, not a int.",
        ),
        (
            f"[accounts.a]\nvenue = 'coinswitch'\napi_key = ['env:A', {{ x = '{CANARY}' }}]",
            "accounts.a: api_key: A secret or a reference to one is text, not a dict.",
        ),
        (
            f"[accounts.a]\nvenue = 'coinswitch'\napi_key = 'evn:{CANARY}'",
            "accounts.a: api_key: What stands before the colon is not a kind of reference to a secret. Use one of env:",
        ),
    ],
)
def test_accounts_that_are_none(file: Path, text: str, expected: str) -> None:
    """
    What is wrong with an account is said with the file's and the account's name.
    """
    error = refusal(file, text)

    assert str(error).startswith(f"{file}: ")
    assert expected in str(error)


def test_all_problems_at_once(file: Path) -> None:
    """
    Who has several problems is told of all of them, and of no account that has none.
    """
    error = refusal(file, "[accounts.a]\n[accounts.b]\nvenue = 'coinswitch'\n[accounts.c]\nvenue = 5\n")

    assert error.message.count("It names no venue") == 2
    assert "accounts.a: " in error.message
    assert "accounts.b: " not in error.message
    assert "accounts.c: " in error.message
