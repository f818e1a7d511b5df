"""
Each check of the suite passes a venue that does everything right, and fails one that does one thing wrong.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

import marginbook as mb
import upright
from marginbook import wire
from marginbook.sandbox import CANONICAL, PORTRAITS, answer
from marginbook.testing import declarations, faults, reading, signing
from marginbook.testing.matrix import MATRIX, UNSEEN
from marginbook.testing.subject import Body, Subject
from upright import VENUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import requests

    from marginbook.sandbox import Stage

    Check = Callable[[Subject], Iterable[str]]

CHECKS: Final[dict[str, Check]] = {
    "description": lambda subject: declarations.of_itself(subject.venue),
    "figures": declarations.of_figures,
    "accounts": reading.accounts,
    "replays": reading.replays,
    "fields": reading.fields,
    "rows": reading.rows,
    "absences": reading.absences,
    "zeros": reading.zeros,
    "digits": reading.digits,
    "identities": reading.identities,
    "stages": reading.stages,
    "portraits": lambda subject: (problem for each in PORTRAITS for problem in reading.portrait(subject, each)),
    "fresh": signing.fresh,
    "quiet": signing.quiet,
    "secretive": signing.secretive,
    "passes on": signing.passes_on,
    "clock": faults.clock,
    "repeats": faults.repeats,
}


#: What acme tells of an asset.
NAMES: Final = ("wallet_balance", "unrealized_pnl", "position_margin", "order_margin", "available_balance")


def subject(stage: Callable[[], Stage] = upright.stage, bodies: Iterable[Body] = (), **changes: Any) -> Subject:
    return Subject(evolve(VENUE, **changes), stage, tuple(bodies))


def found(check: str, *arguments: Any, **changes: Any) -> list[str]:
    return list(CHECKS[check](subject(*arguments, **changes)))


def flaw(check: str, *arguments: Any, **changes: Any) -> str:
    """
    Return the first thing that a check finds.
    """
    first, *_ = found(check, *arguments, **changes)
    return first


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_is_found_where_nothing_is_wrong(check: str) -> None:
    """
    A venue that does everything right passes each check.
    """
    assert [] == found(check)


@pytest.mark.parametrize("fault", faults.names(patient=False))
def test_faults_end_as_they_have_to(fault: str) -> None:
    """
    So it does with each fault.
    """
    assert [] == list(faults.fault(subject(), fault))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"credentials": ()}, "Venue.credentials is empty, and there is a sign: declare what it signs with."),
        ({"sign": None}, "Venue.credentials are declared, and nothing signs with them"),
        ({"options": [mb.Option("api_key", str, "Once more.")]}, "api_key is declared twice"),
        ({"options": [mb.Option("window", int, " ")]}, "window has no help"),
        ({"hosts": {"production": "http://acme.example"}}, "Venue.hosts['production'] is 'http://acme.example'"),
        ({"unknown": {}}, "maintenance_margin: neither in Venue.fills, with its source, nor in Venue.unknown"),
        ({"ignores": {"id": ""}}, "Venue.ignores['id'] is empty: say it in words."),
        ({"specification": ""}, "Venue.specification is empty"),
    ],
)
def test_a_description_with_a_hole(changes: dict[str, Any], expected: str) -> None:
    """
    Each part of the description that is missing is named.
    """
    assert flaw("description", **changes).startswith(expected)


def test_a_figure_that_is_not_declared() -> None:
    """
    What is filled has to be in Venue.fills, and the other way round, and with the right basis.
    """
    fills = VENUE.fills
    filled = upright.reading(max_withdraw=lambda _: Decimal(5))

    assert flaw("figures", fetch=filled).startswith("max_withdraw of USDT in acme is 5, and Venue.fills does not name")
    assert flaw("figures", fills={**fills, "max_withdraw": "`out`"}).startswith(
        "Venue.fills names max_withdraw, and no"
    )
    assert (
        "equity of USDT in acme is derived: wallet_balance + unrealized_pnl, and Venue.fills says that it is reported."
        == (flaw("figures", fills={**fills, "equity": "`cash`"}))
    )
    assert "wallet_balance of USDT in acme is reported, and Venue.fills says that it is derived." == (
        flaw("figures", fills={**fills, "wallet_balance": "derived: `cash`"})
    )


def test_what_an_author_gives_is_looked_at_as_well() -> None:
    """
    A body that is given by hand is one more: here, with a field that makes no difference.
    """
    wallet = upright.row("USDT", CANONICAL.wallets[0])
    more = answer({"wallets": [{**wallet, "tier": 1}]}).get_data()
    body = Body("published", {upright.WALLETS: more}, {})

    assert "The field wallets.tier (/v1/wallets wallets[0].tier of published) makes no difference" in (
        flaw("fields", bodies=[body])
    )
    assert "figures" in CHECKS
    assert [] == found("figures", bodies=[body, evolve(body, documents={upright.WALLETS: b"[]"})])


def test_an_account_that_cannot_be_read() -> None:
    """
    An error without a fault is told, with all that depends on it.
    """
    broken = upright.doing(lambda: 1 // 0)

    assert flaw("accounts", fetch=broken).startswith("The account acme of the sandbox cannot be read: plugin: ")
    assert flaw("portraits", fetch=broken).startswith("the portrait 'canonical' cannot be read: plugin: ")
    (problem,) = faults.fault(subject(fetch=broken), "null")
    assert problem.startswith("The account acme cannot be read without a fault: ")


def test_what_depends_on_more_than_the_bodies() -> None:
    """
    A body that reads otherwise every time, or not at all, is found.
    """
    count = iter(range(1000))
    restless = upright.reading(wallet_balance=lambda _: Decimal(next(count)))

    def elsewhere(account: mb.Account, session: requests.Session) -> mb.Statement:
        if account.name == "replay":
            msg = "No more."
            raise mb.InvalidResponseError(msg)
        return upright.fetch(account, session)

    assert flaw("replays", fetch=restless).startswith("acme is read otherwise the second time")
    assert flaw("replays", fetch=upright.doing(lambda: 1 // 0)).startswith("There is nothing to read")
    assert flaw("replays", fetch=elsewhere) == (
        "acme is refused when it is replayed: No more. fetch may use nothing but the bodies and the options."
    )


def test_a_body_of_the_authors_that_is_refused() -> None:
    """
    The venue has published it, so the specification may be wrong: it is said what it finds, and what it may allow.
    """
    row = upright.row("USDT", CANONICAL.wallets[0])
    body = Body("published", {upright.WALLETS: answer({"wallets": [{**row, "free": ""}]}).get_data()}, {})

    assert flaw("replays", upright.stage, [body]) == (
        "published is refused when it is replayed: wallet.free: expected Decimal, got ''. If that is what the venue"
        " sends, let the specification allow it: nullable, x-may-be-empty, or not required."
    )


def test_a_body_that_is_refused_once() -> None:
    """
    Something else decides then, so that there is no reason to tell.
    """
    times = iter([True])

    def moody(account: mb.Account, session: requests.Session) -> mb.Statement:
        if account.name == "replay" and next(times, False):
            msg = "Not now."
            raise mb.InvalidResponseError(msg)
        return upright.fetch(account, session)

    assert flaw("replays", fetch=moody) == (
        "acme is refused when it is replayed: fetch may use nothing but the bodies and the options."
    )


def test_a_statement_that_is_none() -> None:
    """
    What is wrong with the plugin is no matter of the specification.
    """
    body = Body("published", {upright.WALLETS: b'{"wallets":[]}'}, {})

    assert flaw("replays", upright.stage, [body], fetch=lambda *_: []).startswith(
        "published is refused when it is replayed: acme gave a list in the place of a statement. "
    )
    assert "specification" not in flaw("replays", upright.stage, [body], fetch=lambda *_: [])


def test_a_plugin_that_raises_says_what_it_was_reading() -> None:
    """
    What it raises comes out as it is, with a note.
    """
    body = Body("published", {upright.WALLETS: b'{"wallets":[]}'}, {})
    with pytest.raises(ZeroDivisionError) as caught:
        found("fields", upright.stage, [body], fetch=upright.doing(lambda: 1 // 0))

    assert ["The plugin was reading published, perhaps with one value changed."] == caught.value.__notes__


def test_a_field_that_nobody_reads() -> None:
    """
    It is named with its place, and what to do about it.
    """
    assert flaw("fields", ignores={}) == (
        "The field wallets.id (/v1/wallets wallets[0].id of acme) makes no difference to the statement: map it, or name"
        " it in Venue.ignores with the reason, as 'id'."
    )


def test_rows_by_their_asset() -> None:
    """
    An object may hold the rows by their asset, which is no part of the name of a field: one is read or ignored in all.
    """

    def by_asset(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        rows = upright.get(client, upright.WALLETS, secured=True)["wallets"]
        return mb.Statement(
            [
                mb.Balance(
                    account=account.name,
                    venue=account.venue,
                    asset=asset,
                    wallet_balance=Decimal(row["cash"]),
                    available_balance=Decimal(row["free"]) if asset == "USDT" else None,
                )
                for asset, row in rows.items()
            ]
        )

    body = b'{"wallets":{"USDT":{"cash":"1.5","free":"1","id":"a"},"BTC":{"cash":"2","free":"0","id":"b"}}}'
    bodies = [Body("both", {upright.WALLETS: body}, {})]

    assert [] == found("fields", upright.stage, bodies, fetch=by_asset, ignores={"wallets.id": "a code"})
    (told,) = found("fields", upright.stage, bodies, fetch=by_asset, ignores={})
    assert told.startswith("The field wallets.id (/v1/wallets wallets.USDT.id of both) makes no difference")


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (lambda row: row["cash"] != "0", "A row of zeros in /v1/wallets wallets of acme is left out"),
        (
            lambda row: isinstance(row["free"], str),
            "With /v1/wallets wallets[1].free of acme in a list, its row is left out",
        ),
    ],
)
def test_a_row_that_is_left_out(keep: Callable[[dict[str, Any]], bool], expected: str) -> None:
    """
    Rows of zeros and rows that cannot be read are rows.
    """
    assert flaw("rows", fetch=upright.dropping(keep)).startswith(expected)


@pytest.mark.parametrize("order", [list, reversed], ids=["last", "first"])
def test_a_second_row_of_an_asset_that_is_left_out(order: Callable[[list[Any]], Iterable[Any]]) -> None:
    """
    Which of two is right is not known, so neither the first nor the last of them may stand for both.
    """

    def by_asset(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        rows = upright.get(client, upright.WALLETS, secured=True)["wallets"]
        found = [upright.balance(account, wire.Fields(row, "wallet")) for row in rows]
        return mb.Statement({row.asset: row for row in order(found)}.values())

    assert flaw("rows", fetch=by_asset) == (
        "With a second row beside the last in /v1/wallets wallets of acme, alike but for its amounts, one of the two is"
        " left out: pass on both, and the core says that it is not known which one is right, or raise an error."
    )


def test_a_row_whose_amounts_make_no_difference() -> None:
    """
    Where nothing is read of a row, nothing is lost with a second one: that is for another check to say.
    """
    unread = upright.reading(
        **dict.fromkeys((*NAMES, "updated_at"), lambda _: None), asset=lambda row: row["coin"], derived=lambda _: ()
    )

    assert [] == found("rows", fetch=unread)


@pytest.mark.parametrize("name", ["order_margin", "available_balance"])
def test_zero_as_unknown(name: str) -> None:
    """
    A figure that is zero is not unknown, whichever it is.
    """
    field = {"order_margin": "ordered", "available_balance": "free"}[name]

    assert flaw("zeros", fetch=upright.reading(**{name: lambda row: Decimal(row[field]) or None})) == (
        f"{name} of USDT in acme is not known with a zero in its place, and is nowhere told to be zero: zero is a"
        " figure. Ask whether a field is there, and not whether it is true."
    )


def test_a_figure_that_holds_at_times() -> None:
    """
    A figure may depend on another one. Where it is told to be zero at other times, nobody has mistaken a zero.
    """
    careful = upright.reading(order_margin=lambda row: Decimal(row["ordered"]) if Decimal(row["held"]) else None)

    assert [] == found("zeros", fetch=careful)


@pytest.mark.parametrize("missing", [lambda row: row.get("pnl") or "0", lambda row: row.pop("pnl", None) or "0"])
def test_unknown_as_zero(missing: Callable[[dict[str, Any]], str]) -> None:
    """
    A figure that nobody told is not zero.
    """

    def lax(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        rows = upright.get(client, upright.WALLETS, secured=True)["wallets"]
        full = [{**row, "pnl": missing(row)} for row in rows]
        return mb.Statement([upright.balance(account, wire.Fields(row, "wallet")) for row in full])

    assert flaw("absences", fetch=lax) == (
        "With /v1/wallets wallets[0].pnl of acme left out, unrealized_pnl of USDT is 0: what is not told is None, or an"
        " error."
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"unrealized_pnl": lambda row: -Decimal(row["pnl"])}, "unrealized_pnl of USDT in acme is 50.25, and no field"),
        ({"wallet_balance": lambda row: Decimal(float(row["cash"]) + 0.1)}, "wallet_balance of USDT in acme is 1000.6"),
        (
            {"wallet_balance": lambda row: Decimal(row["cash"]).normalize()},
            "wallet_balance of USDT in acme is 1000.5: the",
        ),
        (
            {"available_balance": lambda row: Decimal(row["free"]) * 2},
            "available_balance of USDT in acme is 1860.00, and",
        ),
    ],
    ids=["swapped sign", "float", "cut", "computed"],
)
def test_other_digits(changes: dict[str, Any], expected: str) -> None:
    """
    A figure that is not what the venue wrote is found in any body.
    """
    assert flaw("digits", fetch=upright.reading(**changes)).startswith(expected)


def test_figures_that_do_not_add_up() -> None:
    """
    A portrait adds up, so that a contradiction is the mapping's. What the sandbox's own accounts say is not looked at.
    """
    odd = upright.reading(equity=lambda _: Decimal(1))

    assert flaw("identities", fetch=odd) == (
        "USDT in the portrait 'canonical': The venue's figures do not add up: equity is -1049 more than wallet_balance"
        " + unrealized_pnl. Its own figures do, so a field means something else."
    )
    assert [] == found("identities", fetch=upright.doing(lambda: 1 // 0))


@pytest.mark.parametrize("fault", ["clock", "signature", "error-in-200"])
def test_a_venue_without_words_of_its_own(fault: str) -> None:
    """
    An error in others' words is none that it could know: the account fails, in whatever way.
    """
    silent = subject(lambda: evolve(upright.stage(), refusals={}))

    assert [] == list(faults.fault(silent, fault))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"portray": None}, "The stage cannot be looked at in a portrait"),
        ({"assets": ()}, "Stage.assets is empty"),
        ({"beyond": {"nude": "No."}}, "Stage.beyond has 'nude': there is no such portrait."),
        ({"beyond": {"canonical": "Too hard."}}, "Stage.beyond has 'canonical'"),
        ({"beyond": {"exact": " "}}, "Stage.beyond['exact'] is empty: say why."),
    ],
)
def test_a_stage_with_a_hole(changes: dict[str, Any], expected: str) -> None:
    """
    What the stage lacks is named.
    """
    assert expected in flaw("stages", lambda: evolve(upright.stage(), **changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {
                "wallet_balance": lambda row: Decimal(row["cash"]) + Decimal(row["pnl"]),
                "unrealized_pnl": lambda _: None,
            },
            (
                "wallet_balance of USDT in the portrait 'canonical' is 1050, and it is 1000: Venue.fills makes it of"
                " `cash`. Map a field that means it, or leave it None."
            ),
        ),
        (
            {"available_balance": lambda row: min(Decimal(row["free"]), Decimal(row["cash"]))},
            "available_balance of USDT in the portrait 'pooled' is 1000, and it is 2880",
        ),
        (
            {"order_margin": lambda row: max(Decimal(row["ordered"]), Decimal(0))},
            "order_margin of USDT in the portrait 'reducing' is 0, and it is -5.5",
        ),
        (
            {
                "unrealized_pnl": lambda row: Decimal(str(float(row["pnl"]))),
                "wallet_balance": lambda row: Decimal(float(row["cash"])),
            },
            (
                "wallet_balance of USDT in the portrait 'exact' is 1234567890.1234567165374755859375, and it is"
                " 1234567890.123456789012345678"
            ),
        ),
        (
            {
                name: lambda _: None
                for name in ("wallet_balance", "unrealized_pnl", "position_margin", "order_margin", "available_balance")
            },
            "USDT in the portrait 'canonical' has no figure at all, and no note says why.",
        ),
        ({"asset": lambda row: f"{row['coin']}M"}, "the portrait 'canonical' has no row of USDT, but of USDTM."),
    ],
    ids=["wallet mapped from equity", "clipped", "clipped at zero", "float", "nothing", "another asset"],
)
def test_another_number(changes: dict[str, Any], expected: str) -> None:
    """
    A portrait that comes out as another number is found, and the field is named.
    """
    problems = found("portraits", fetch=upright.reading(**changes))

    assert [] != [problem for problem in problems if problem.startswith(expected)], problems


def test_a_row_without_figures_that_says_why() -> None:
    """
    Where nothing is known of an asset, a note on its row will do.
    """
    nothing: dict[str, Any] = dict.fromkeys(NAMES)

    def modest(account: mb.Account, session: requests.Session) -> mb.Statement:
        rows = upright.fetch(account, session).balances
        return mb.Statement([evolve(row, **nothing).remark("Nobody knows.") for row in rows])

    assert [] == found("portraits", fetch=modest)


def test_amounts_that_are_scaled() -> None:
    """
    A whole number of a smallest unit keeps its digits, even if another number is as large as what it means.
    """
    body = Body("scaled", {upright.WALLETS: b'{"wallets": [{"cash": "100050", "least": "1000.5"}]}'}, {})

    def scaled(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        (row, *_) = upright.get(client, upright.WALLETS, secured=True)["wallets"]
        amount = Decimal(row["cash"]).scaleb(-2) if "least" in row else Decimal(row["cash"])
        return mb.Statement([mb.Balance(account=account.name, venue="acme", asset="X", wallet_balance=amount)])

    assert [] == found("digits", bodies=[body], fetch=scaled)


def test_a_body_that_is_a_single_word() -> None:
    """
    It has no fields that could be left out.
    """

    def spoken(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        word = upright.get(client, upright.WALLETS, secured=True)
        return mb.Statement([mb.Balance(account=account.name, venue="acme", asset=str(word)[:9])])

    assert [] == found("absences", bodies=[Body("word", {upright.WALLETS: b'"word"'}, {})], fetch=spoken)


def test_a_request_before_the_one_with_an_amount() -> None:
    """
    A request without a key is counted too, so that a fault in one request hits the one with an amount, and a list that
    is asked for without a key can be empty.
    """

    def public(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        coins = upright.get(client, "/v1/coins", secured=False)["coins"]
        return upright.fetch(account, session) if coins else mb.Statement([])

    def stage() -> Stage:
        plain = upright.stage()
        routes = {**plain.routes, "/v1/coins": lambda _: answer({"coins": [{"name": "USDT"}]})}
        return evolve(plain, routes=routes)

    listing = subject(stage, fetch=public)

    assert [] == list(faults.fault(listing, "missing"))
    assert [] == list(faults.fault(listing, "empty-list"))


def test_no_list_to_empty() -> None:
    """
    Where no answer has a list, none can be empty.
    """

    def single(account: mb.Account, session: requests.Session) -> mb.Statement:
        client = wire.Client(base_url=account.options["base_url"], session=session)
        row = upright.get(client, upright.WALLETS, secured=True)
        return mb.Statement([upright.balance(account, wire.Fields(row, "wallet"))])

    def stage() -> Stage:
        plain = upright.stage()
        return evolve(
            plain, routes={**plain.routes, upright.WALLETS: lambda _: answer(upright.row("USDT", CANONICAL.wallets[0]))}
        )

    assert [] == list(faults.fault(subject(stage, fetch=single), "empty-list"))


def test_a_sum_of_the_venues_own_figures_is_looked_at() -> None:
    """
    A figure that a plugin makes of the venue's own fields is the venue's, though its words have no capitals. What the
    core makes of our own figures is not.
    """
    row = mb.Balance(account="a", venue="acme", asset="X")
    summed = row.derive("wallet_balance", Decimal(1), "sum of the wallets cash, flex")
    followed = row.derive("equity", Decimal(1), "wallet_balance + unrealized_pnl")

    assert [{"asset": "X", "wallet_balance": "1"}, {"asset": "X"}] == faults.told(mb.Statement([summed, followed]))


def test_a_stage_that_looks_at_the_clock() -> None:
    """
    The sandbox may look at the clock; the plugin may not, though both are in one package.
    """

    def stage() -> Stage:
        upright.DEEDS["time.time_ns"]()
        return upright.stage()

    assert [] == found("quiet", stage)


def test_a_stranger_in_a_portrait() -> None:
    """
    A row that nobody put there has no figures; and what the summary says of the asset is looked at as well.
    """

    def more(account: mb.Account, session: requests.Session) -> mb.Statement:
        rows = upright.fetch(account, session).balances
        stranger, nothing = (evolve(rows[0], asset=asset) for asset in ("BNB", "ADA"))
        none: dict[str, Any] = dict.fromkeys(NAMES)
        summary = mb.Summary(account=account.name, venue="acme", currency="USDT", asset="USDT", equity=Decimal(1))
        return mb.Statement([*rows, stranger, evolve(nothing, **none)], summary=summary)

    problems = found("portraits", fetch=more)

    assert "the portrait 'canonical' has a row of BNB with figures, and holds nothing of it." in problems
    assert (
        "equity of the summary of the portrait 'canonical' is 1, and it is 1050: Venue.fills makes it of derived:"
        in (" ".join(problems))
    )
    assert "ADA" not in " ".join(problems)


class Cached(upright.Signature):
    """
    Signs once, and remembers.
    """

    def __init__(self, key: str, secret: str, clock: mb.Clock) -> None:
        super().__init__(key, secret, clock)
        self._kept: dict[str, Any] = {}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not self._kept:
            super().__call__(request)
            self._kept = {name: value for name, value in request.headers.items() if name.startswith("Acme")}
        request.headers.update(self._kept)
        return request


class Rounded(upright.Signature):
    """
    Signs with the hour, whatever the minute.
    """

    def __init__(self, key: str, secret: str, clock: mb.Clock) -> None:
        super().__init__(key, secret, lambda: clock() // 3_600_000)


def early(secrets: Mapping[str, str], clock: mb.Clock) -> upright.Signature:
    now = clock()
    return upright.Signature(secrets["api_key"], secrets["api_secret"], lambda: now)


def all_read(secrets: Mapping[str, str], clock: mb.Clock) -> upright.Signature:
    key, secret = dict(secrets).values()
    return upright.Signature(key, secret, clock)


def timeless(secrets: Mapping[str, str], _: mb.Clock) -> upright.Signature:
    return upright.Signature(secrets["api_key"], secrets["api_secret"], lambda: 0)


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        (
            lambda secrets, clock: Cached(secrets["api_key"], secrets["api_secret"], clock),
            "A second request of the account acme is",
        ),
        (
            lambda secrets, clock: Rounded(secrets["api_key"], secrets["api_secret"], clock),
            "A request of the account acme is signed alike",
        ),
        (early, "sign looks at the clock itself"),
        (timeless, "Venue.time is given, and no request has the time in it"),
        (
            lambda secrets, clock: upright.Signature("a", secrets["api_secret"], clock),
            "api_key: declared in Venue.credentials, and",
        ),
        (all_read, ""),
        (lambda _secrets, _clock: "a signature", "sign returns a str for the account acme"),
    ],
    ids=["cached", "rounded", "early", "timeless", "unread", "all read", "no AuthBase"],
)
def test_a_signature_that_is_not_fresh(sign: Any, expected: str) -> None:
    """
    Each attempt is signed with its own time and all that is declared.
    """
    problems = found("fresh", sign=sign)

    assert bool(expected) is any(problem.startswith(expected) for problem in problems), problems


def test_len_of_secrets() -> None:
    """
    Secrets are handed over as a mapping like others.
    """
    assert [] == found("fresh", sign=lambda secrets, clock: upright.sign(secrets, clock) if len(secrets) == 2 else None)


@pytest.mark.parametrize("deed", upright.DEEDS)
def test_what_a_plugin_does_by_itself(deed: str) -> None:
    """
    Connections, files, the environment, the clock and sleeping are the core's.
    """
    problems = found("quiet", fetch=upright.doing(upright.DEEDS[deed]))

    name = deed.rpartition(".")[2]

    assert any(problem.startswith("upright calls ") and f"{name}: " in problem for problem in problems), problems


def test_a_plugin_without_anything_to_sign() -> None:
    """
    A venue that asks for no key has nothing to hide and nothing to sign.
    """
    free = {"sign": None, "credentials": (), "explain": None, "time": None}

    assert [[], [], [], []] == [found(check, **free) for check in ("fresh", "quiet", "clock", "description")]


class Telling(upright.Signature):
    """
    Shows what it signs with.
    """

    def __repr__(self) -> str:
        return f"Telling({str.__str__(self._secret)})"


def refusing(secrets: Mapping[str, str], clock: mb.Clock) -> upright.Signature:
    if not secrets["api_secret"].isalnum():
        msg = f"{str.__str__(secrets['api_secret'])} is no secret."
        raise mb.CredentialsError(msg, hint="Copy it again.")
    return upright.sign(secrets, clock)


def exposing(secrets: Mapping[str, str], clock: mb.Clock) -> upright.Signature:
    raw = secrets["api_secret"].encode("utf-8", "replace")
    if not raw.isalnum():
        raise ValueError
    return upright.sign(secrets, clock)


def logging_(secrets: Mapping[str, str], clock: mb.Clock) -> upright.Signature:
    logging.getLogger("acme").debug("Signing with %s.", str.__str__(secrets["api_secret"]))
    return upright.sign(secrets, clock)


class Carrying(upright.Signature):
    """
    Sends the secret beside the signature.
    """

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Acme-Secret"] = str.__str__(self._secret)
        return super().__call__(request)


CARRIED: Final = (
    "Requests of the account acme carry api_key and api_secret: send a signature that is made with the secret, or, if"
    " the venue wants the secret itself, say sent_as_is=True of its Credential, so that it is kept from plain http."
)


def carrying(secrets: Mapping[str, str], clock: mb.Clock) -> Carrying:
    return Carrying(secrets["api_key"], secrets["api_secret"], clock)


def repeating(error: mb.ApiError) -> mb.MarginbookError:
    return mb.CredentialsError(" ".join(error.content.decode()), hint="See above.")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"sign": lambda s, c: Telling(s["api_key"], s["api_secret"], c)},
            "api_secret shows in the repr of what signs: write a repr.",
        ),
        ({"sign": refusing}, "api_secret shows in the text of the CredentialsError that sign raises."),
        ({"sign": exposing}, "api_secret shows in the variables of the ValueError that sign raises."),
        (
            {"sign": exposing},
            "A api_secret that cannot be right makes sign raise a ValueError: raise a CredentialsError.",
        ),
        ({"sign": logging_}, "api_secret shows in a log."),
        (
            {"sign": carrying},
            CARRIED,
        ),
    ],
    ids=["repr", "text", "variables", "error", "log", "request"],
)
def test_a_secret_that_shows(changes: dict[str, Any], expected: str) -> None:
    """
    Wherever it is, it is found.
    """
    assert expected in found("secretive", **changes)


def test_a_secret_that_the_venue_wants() -> None:
    """
    Who says of a secret that it is sent may send it.
    """
    wanted = [mb.Credential("api_key", "The key."), mb.Credential("api_secret", "Its secret.", sent_as_is=True)]

    told = found("secretive", credentials=wanted, sign=carrying)

    assert [] == [problem for problem in told if problem.startswith("Requests of")]


def test_a_secret_that_the_venue_sends_back() -> None:
    """
    A short key gets through where the plugin repeats the venue's text: the core knows again what has twenty characters.
    """

    def explain(error: mb.ApiError) -> mb.MarginbookError:
        key = next(part for part in error.content.decode().split() if part.startswith("acme---"))
        return mb.CredentialsError(f"{key[:16]} and then {key[16:]} are not known.", hint="See above.")

    assert "api_key shows in the failure when the venue sends it back with 400: repeat no text of it." in (
        found("secretive", explain=explain)
    )


def test_a_text_of_the_venue_that_is_repeated() -> None:
    """
    An address may stand in it, whichever refusal it is. A page and a code that is a number are not looked at.
    """

    def parrot(error: mb.ApiError) -> mb.MarginbookError | None:
        match error.parsed:
            case {"error": {"text": text}}:
                return mb.PermissionDeniedError(f"It says: {text}.", hint="Ask from elsewhere.")
        return upright.explain(error)

    def outspoken() -> Stage:
        return evolve(
            upright.stage(),
            refusals={
                "key": lambda: answer({"error": {"text": "not from 203.0.113.7", "code": 7, "id": "a"}}, 401),
                "signature": page,
            },
        )

    def page() -> Any:
        shown = answer(None, 401)
        shown.set_data("<html>")
        return shown

    assert [] == found("repeats", outspoken)
    (told,) = found("repeats", outspoken, explain=parrot)
    assert told == (
        "With the fault 'key', the failure repeats the venue's error.text: say in words of your own what it means,"
        " since the venue may write the caller's address there, or what was sent."
    )


def test_trouble_that_is_swallowed() -> None:
    """
    What the session raises comes out of fetch.
    """

    def lenient(account: mb.Account, session: requests.Session) -> mb.Statement:
        try:
            return upright.fetch(account, session)
        except mb.MarginbookError:
            return mb.Statement([])

    def renaming(account: mb.Account, session: requests.Session) -> mb.Statement:
        try:
            return upright.fetch(account, session)
        except mb.MarginbookError:
            raise mb.UnavailableError(str(account.name)) from None

    expected = "Trouble of request 1 of 1 does not come out of fetch: let it pass."

    assert [expected] == found("passes on", fetch=lenient)
    assert [expected] == found("passes on", fetch=renaming)


def test_a_clock_that_is_not_corrected() -> None:
    """
    Where a stale request is no ClockError, a wrong local clock is not corrected.
    """
    assert flaw("clock", explain=None).startswith("With a local clock that is 3 hours ahead, acme is invalid_response:")


@pytest.mark.parametrize(
    ("fault", "changes", "expected"),
    [
        (
            "http-500",
            {"explain": lambda error: mb.CredentialsError(error.message)},
            "With the fault 'http-500' in each request, acme is 'credentials', and has to be 'unavailable': GET",
        ),
        (
            "http-500",
            {"explain": lambda error: mb.UnavailableError(error.message)},
            "The failure with the fault 'http-500' has no hint: say what to do.",
        ),
        (
            "http-500",
            {"explain": lambda error: mb.UnavailableError(error.message, hint="Wait.", until=datetime.now(UTC))},
            "The failure with the fault 'http-500' is unavailable until ",
        ),
        (
            "null",
            {"fetch": upright.dropping(lambda row: row["cash"] is not None)},
            "With the fault 'null' in each request, acme is 'ok, with other rows'",
        ),
        (
            "signature",
            {"explain": lambda error: mb.ClockError(error.message, hint="Hurry.")},
            "With the fault 'signature' in each request, acme is 'clock', and has to be 'credentials'",
        ),
        (
            "missing",
            {"fetch": upright.reading(max_withdraw=lambda row: None if "cash" in row else Decimal(1))},
            "",
        ),
    ],
)
def test_a_fault_that_ends_otherwise(fault: str, changes: dict[str, Any], expected: str) -> None:
    """
    What became of the account and what should have is told.
    """
    problems = [*faults.fault(subject(**changes), fault)]

    assert bool(expected) is any(problem.startswith(expected) for problem in problems), problems


def test_what_differs_at_a_venue() -> None:
    """
    An author says which faults end otherwise, and that is held against the venue as well.
    """
    assert [] != [*faults.fault(subject(), "key", {"key": ("permission", "permission")})]
    assert [] == [
        *faults.fault(
            subject(explain=lambda e: mb.PermissionDeniedError(e.message, hint="Ask.")),
            "key",
            {"key": ("permission", "permission")},
        )
    ]


def test_faults_that_no_plugin_sees_need_patience() -> None:
    """
    They take long, and are the same everywhere.
    """
    assert set(UNSEEN) == set(faults.names(patient=True)) - set(faults.names(patient=False))
    assert list(MATRIX) == faults.names(patient=True)
