"""
Accounts files, as people and programs write them: accounts, or one error that says where, and never a secret.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from damage import cut
from fuzzing import examples
from marginbook import Account, ConfigurationError, load_accounts
from strategies import names

if TYPE_CHECKING:
    from pathlib import Path

#: What may stand in no error.
CANARY: Final = "canary7f3b1e9d5c2a8064"
NUMBER: Final = 73194268504917362

#: A file that is as it should be.
FILE: Final = f"""
[accounts.desk-a]
venue = "binance-usdm"
api_key = "env:DESK_A_KEY"
api_secret = "{CANARY}"
recv_window = 5000

[accounts."desk \u03b2"]
venue = "fexgate"
base_url = "https://gateway.example"
exchange = "fbinance"
api_key = "file:keys/b"
api_secret = "cmd:pass {CANARY}"
"""

#: Names that mean something in an account, and some that do not.
_keys: Final = (
    st.sampled_from(["api_key", "api_secret", "recv_window", "base_url", "exchange", "api_version", "secret", "name"])
    | names
)

#: Where a secret may stand by mistake.
_secrets: Final = st.sampled_from(
    [
        CANARY,
        f"env:{CANARY}",
        f"env: {CANARY}",
        f"enw:{CANARY}",
        f"{CANARY}:x",
        f"file:{CANARY}",
        f"https://user:{CANARY}@host",
        f"{CANARY}\n",
        f"\x7f{CANARY}",
        NUMBER,
        [CANARY],
        {"value": CANARY},
        [[{"a": [NUMBER, CANARY]}]],
    ]
)

_scalars: Final = (
    st.text(max_size=10) | st.integers(-(2**63), 2**63) | st.booleans() | st.floats() | st.datetimes() | st.times()
)
_values: Final = _secrets | st.recursive(
    _scalars,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(names, inside, max_size=3),
    max_leaves=5,
)
_venues: Final = st.sampled_from(["binance-usdm", "binance-coinm", "coinswitch", "fexgate", "nowhere"])
_tables: Final = st.fixed_dictionaries(
    {"venue": _venues | st.sampled_from(["", "a\nb", 1]), "api_secret": _secrets}, optional={"api_key": _values}
)
_good_tables: Final = st.fixed_dictionaries(
    {
        "venue": _venues,
        "api_key": st.sampled_from(["env:KEY", "file:key", "keyring:a/b", "0" * 64]),
        "api_secret": st.sampled_from([CANARY, f"env:{CANARY}", f"file:{CANARY}", f"cmd:pass {CANARY}"]),
    }
)
_more: Final = st.dictionaries(_keys, _values, max_size=3)
_accounts: Final = st.one_of(
    st.dictionaries(names, _good_tables, min_size=1, max_size=3),
    st.dictionaries(names, st.builds(lambda more, table: {**more, **table}, _more, _good_tables), max_size=3),
    st.dictionaries(
        names | st.sampled_from(["", " ", "a\nb", "desk.a"]),
        st.builds(lambda more, table: {**more, **table}, _more, _tables) | _values,
        max_size=3,
    ),
)
_documents: Final = st.builds(
    lambda accounts, more: {**more, **accounts},
    st.fixed_dictionaries({"accounts": _accounts}),
    st.just({}) | st.just({}) | st.dictionaries(names, _values, max_size=1),
)


def toml(value: Any) -> str:
    """
    Write a value as TOML.
    """
    match value:
        case dict():
            return f"{{{', '.join(f'{toml(name)} = {toml(member)}' for name, member in value.items())}}}"
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
    return str(value.isoformat())


def document(tables: dict[str, Any]) -> str:
    return "".join(f"{toml(name)} = {toml(value)}\n" for name, value in tables.items())


def chain(error: BaseException) -> list[BaseException]:
    """
    Return an error, its causes, and what it was raised in the middle of, whether it is shown or not.
    """
    found = [error]
    for each in found:
        found += filter(None, [each.__cause__, each.__context__])
    return found


def told(found: Any) -> str:
    """
    Return all that may be printed, logged or sent of accounts or of an error.
    """
    if isinstance(found, BaseException):
        return " ".join(f"{error} {error!r} {error.args} {vars(error)}" for error in chain(found))
    return f"{found} {found!r} {[(account.credentials, str(account.credentials)) for account in found]}"


def load(path: Path, content: bytes) -> tuple[Account, ...] | ConfigurationError:
    path.write_bytes(content)
    try:
        return load_accounts(path)
    except ConfigurationError as error:
        return error


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.toml"


def test_the_file_that_is_damaged_is_a_good_one(path: Path) -> None:
    """
    Before it is damaged, it has two accounts, and none of their secrets is shown.
    """
    found = load(path, FILE.encode())

    assert isinstance(found, tuple)
    assert ["desk-a", "desk \u03b2"] == [account.name for account in found]
    assert CANARY not in told(found)
    assert CANARY == found[0].credentials["api_secret"].reveal()


@examples(200)
@given(text=st.text(max_size=80) | st.text("[]{}=.\"'#\n\\abc019_-+:T ", max_size=40))
def test_any_text(path: Path, text: str) -> None:
    """
    A text that has no accounts is an error of the configuration.
    """
    found = load(path, text.encode())

    assert isinstance(found, ConfigurationError)
    assert path.name in str(found)


def is_text(content: bytes) -> bool:
    return "\ufffd" not in content.decode(errors="replace")


@examples(200)
@given(content=cut(FILE.encode()).filter(is_text))
def test_damaged_files(path: Path, content: bytes) -> None:
    """
    A good file that somebody has edited without care is read, or refused without its secrets.
    """
    found = load(path, content)

    assert isinstance(found, ConfigurationError) or found
    assert CANARY not in told(found)


@examples(300)
@given(tables=_documents)
def test_any_tables(path: Path, tables: dict[str, Any]) -> None:
    """
    Whatever stands in a table: accounts, or an error, and what may be a secret is in neither.
    """
    found = load(path, document(tables).encode())

    assert CANARY not in told(found)
    assert str(NUMBER) not in told(found)
    if not isinstance(found, ConfigurationError):
        assert list(tables["accounts"]) == [account.name for account in found]
