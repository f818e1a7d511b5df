"""
An account's settings, checked against what its venue says.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marginbook import Account, ConfigurationError, Credential, Option, Statement, Venue
from marginbook.seam.settings import _credential_problems, _option_problems, settle

HOSTS: Final = {"production": "https://api.acme.example", "demo": "http://demo.acme.example/"}
SIGNED: Final = (Credential("api_key", "The key."), Credential("api_secret", "The secret."))
RAW: Final = (Credential("token", "It.", sent_as_is=True),)
KEYS: Final = {"api_key": "env:K", "api_secret": "env:S"}


def lower(text: str) -> str:
    return "" if text.islower() else "it is not in lower case"


def venue(**description: Any) -> Venue:
    return Venue(**{"id": "acme", "title": "Acme", "fetch": lambda *_: Statement([]), **description})


def signed(**description: Any) -> Venue:
    options = (
        Option("exchange", str, "Where.", required=True, check=lower),
        Option("version", str, "Which.", default="v3", choices=("v3", "v2")),
        Option("window", int, "Milliseconds.", default=5000),
    )
    return venue(**{"credentials": SIGNED, "options": options, "hosts": HOSTS, **description})


def account(credentials: dict[str, Any] = KEYS, **options: Any) -> Account:
    return Account("desk-a", "acme", credentials, options)


def refusal(asked: Account, described: Venue) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        settle(asked, described)
    return caught.value


def url(base_url: str, described: Venue | None = None, **options: Any) -> Any:
    described = described or venue()
    credentials = {credential.name: "env:K" for credential in described.credentials}
    return settle(account(credentials, base_url=base_url, **options), described).options["base_url"]


def test_defaults_are_filled_in() -> None:
    """
    An account ends up with every option of its venue: its own word, or the default.
    """
    settled = settle(account(exchange="fbinance", window=1), signed())

    assert {
        "base_url": "https://api.acme.example",
        "exchange": "fbinance",
        "version": "v3",
        "window": 1,
    } == settled.options
    assert account(exchange="fbinance", window=1).credentials == settled.credentials


@pytest.mark.parametrize(
    ("credentials", "options", "expected"),
    [
        (KEYS, {}, "the setting exchange is missing"),
        ({"api_key": "env:K"}, {"exchange": "x"}, "the setting api_secret is missing"),
        ({**KEYS, "apy_key": "env:K"}, {"exchange": "x"}, "there is no setting apy_key"),
        (KEYS, {"exchange": "x", "recv_window": 1}, "there is no setting recv_window"),
        (KEYS, {"exchange": "X"}, "exchange: it is not in lower case"),
        (KEYS, {"exchange": 5}, "exchange: it is of type int, not str"),
        (KEYS, {"exchange": "x", "version": "v1"}, "version: it is none of v3, v2"),
        (KEYS, {"exchange": "x", "window": "1"}, "window: it is of type str, not int"),
        (KEYS, {"exchange": "x", "base_url": 5}, "base_url: it is of type int, not str"),
        ({**KEYS, "version": "v2"}, {"exchange": "x"}, "version is an option and no secret"),
        (
            {"api_key": "env:K"},
            {"exchange": "x", "api_secret": 12345},
            "api_secret is a secret, and a secret is text",
        ),
        (
            {"api_key": "env:K", "apy_secret": "env:S"},
            {"window": True},
            (
                "the setting api_secret is missing; there is no setting apy_secret; the setting exchange is missing;"
                " window: it is of type bool, not int"
            ),
        ),
    ],
)
def test_each_problem_names_its_setting(credentials: dict[str, str], options: dict[str, Any], expected: str) -> None:
    """
    All that is wrong is said at once, by name, with where to read what is right.
    """
    error = refusal(account(credentials, **options), signed())

    assert f"{expected}." == error.message
    assert "See 'marginbook venues acme' for what acme needs and offers." == error.hint


_names = st.sampled_from(["api_key", "api_secret", "exchange", "version", "window", "base_url", "other"])


@given(st.sets(_names), st.dictionaries(_names, st.sampled_from(["v2", "demo", "X", 1, True, ["x"]])))
@example({"api_key", "api_secret"}, {"exchange": "demo", "window": 1})
def test_what_is_refused_is_named(credentials: set[str], options: dict[str, Any]) -> None:
    """
    That something is wrong and what it is are found out in two ways, which agree.
    """
    described, asked = signed(), account(dict.fromkeys(credentials, "env:K"), **options)
    problems = [*_credential_problems(asked, described), *_option_problems(asked, described)]

    assert (not problems) is described.accepts(asked.credentials, asked.options)


def test_problems_come_in_a_fixed_order() -> None:
    """
    Many problems of a kind are told in the order of the alphabet, so that equal mistakes make equal reports.
    """
    names = [f"s{n}" for n in range(10)]
    secrets = [Credential(name, "It.") for name in names]
    options = [Option(f"o{n}", int, "It.") for n in range(10)]
    described = venue(credentials=secrets, options=options, hosts=HOSTS)
    many = refusal(
        account({f"o{n}": "env:X" for n in range(10)} | {f"x{n}": "env:X" for n in range(10)}), described
    ).message.split("; ")
    more = refusal(account({}, **dict.fromkeys(names, 5), **{f"x{n}": 5 for n in range(10)}), described)

    assert [f"the setting {name} is missing" for name in names] == many[:10]
    assert [f"there is no setting x{n}" for n in range(10)] == many[10:20]
    assert [f"o{n} is an option and no secret" for n in range(9)] == many[20:29]
    assert [
        *(f"there is no setting x{n}" for n in range(10)),
        *(f"{name} is a secret, and a secret is text" for name in names),
    ] == more.message.removesuffix(".").split("; ")


def test_secrets_are_not_repeated() -> None:
    """
    A secret that stands in the wrong place is not quoted.
    """
    asked = account({"api_key": "canary", "exchange": "canary", "other": "canary"}, api_secret=["canary"])

    assert "canary" not in str(refusal(asked, signed()))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("production", "https://api.acme.example"),
        ("demo", "http://demo.acme.example"),
        ("https://host", "https://host"),
        ("https://host/", "https://host"),
        ("https://host//", "https://host"),
        ("https://host/a/b/", "https://host/a/b"),
        ("http://host:8080", "http://host:8080"),
        ("HTTPS://Host", "HTTPS://Host"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_base_urls(written: str, expected: str) -> None:
    """
    The name of an environment, or the address of a server; a slash at its end makes no difference.
    """
    assert expected == url(written, venue(hosts=HOSTS))


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "staging",
            "host",
            "//host",
            "ftp://host",
            "https://",
            "https:///path",
            "https:host",
            "https://host:port",
        ),
        *(
            "https://host:99999",
            "https://[::1",
            "https://ho st",
            " https://host",
            "https://host\n",
            "https://host/\x00",
        ),
    ],
)
def test_addresses_of_nothing(written: str) -> None:
    """
    What is neither is refused, with both ways to write it.
    """
    error = refusal(account(exchange="x", base_url=written), signed())

    assert "base_url is not the address of a server." == error.message
    assert "Write it as https://host, or one of production, demo." == error.hint
    assert "Write it as https://host." == refusal(account({}, base_url=written), venue()).hint


@pytest.mark.parametrize(
    "rest", ["me@host", "me:canary@host", ":canary@host", "@host", "host?a=canary", "host?", "host#", "host/x#canary"]
)
def test_addresses_with_more_than_a_place(rest: str) -> None:
    """
    A name, a password, a query or a fragment does not belong there, and is not repeated.
    """
    error = refusal(account({}, base_url=f"https://{rest}"), venue())

    assert "base_url has more in it than scheme, host, port and path." == error.message
    assert "Leave out what stands before @ and after ? or #." == error.hint


@pytest.mark.parametrize(
    "written",
    [
        *("https://host", "http://127.0.0.1:8000", "http://127.8.9.10", "http://[::1]:8000", "http://localhost"),
        "HTTP://LocalHost:1",
    ],
)
def test_raw_secrets_stay_on_this_machine(written: str) -> None:
    """
    A secret itself goes over TLS, or to this machine.
    """
    assert written == url(written, venue(credentials=RAW))


@pytest.mark.parametrize(
    "written",
    [
        *(
            "http://host",
            "http://10.0.0.1",
            "http://[fe80::1]",
            "http://localhost.example",
            "http://0.0.0.0",
            "http://127.1",
        ),
        *("http://2130706433", "HTTP://host"),
    ],
)
def test_raw_secrets_do_not_leave_in_clear(written: str) -> None:
    """
    To another machine, a secret itself does not go over plain http, unless the account says so.
    """
    described = venue(credentials=RAW)
    error = refusal(account({"token": "env:T"}, base_url=written), described)

    assert "acme sends the secret itself, and base_url is plain http to another machine." == error.message
    assert "Use https, a tunnel that ends on this machine, or, knowing that, send_secret_in_clear = true." == error.hint
    assert written == url(written, described, send_secret_in_clear=True)
    assert (
        error.message
        == refusal(account({"token": "env:T"}, base_url=written, send_secret_in_clear=False), described).message
    )


def test_names_of_hosts_are_checked_as_well() -> None:
    """
    An environment that the venue itself names may be plain http, and is no exception.
    """
    described = venue(credentials=RAW, hosts=HOSTS)

    assert "https://api.acme.example" == url("production", described)
    assert "plain http" in str(refusal(account({"token": "env:T"}, base_url="demo"), described))


def test_signed_requests_may_leave_in_clear() -> None:
    """
    A signature tells nobody the secret, so there is no rule, and no option.
    """
    described = venue(credentials=SIGNED)

    assert "http://host" == url("http://host", described)
    assert (
        "there is no setting send_secret_in_clear."
        == refusal(account(base_url="http://host", send_secret_in_clear=True), described).message
    )


def test_permission_is_a_truth_value() -> None:
    """
    "no" is not taken for yes.
    """
    asked = account({"token": "env:T"}, base_url="http://host", send_secret_in_clear="no")

    assert "send_secret_in_clear: it is of type str, not bool." == refusal(asked, venue(credentials=RAW)).message
