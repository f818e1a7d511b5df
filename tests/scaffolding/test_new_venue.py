"""
The scaffold: a package that is installed, and whose tests run at once and say what is to be mapped.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner

from environments import Fresh
from marginbook import ConfigurationError
from marginbook.cli import main
from marginbook.scaffolding import client, new_venue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AMOUNT: Final = {"type": "string", "format": "decimal"}

ROW: Final = {"coin": {"type": "string"}, "cash": AMOUNT, "pnl": AMOUNT, "free": AMOUNT, "userId": {"type": "string"}}

EXAMPLE: Final = {"wallets": [{"coin": "USDT", "cash": "1000.00", "pnl": "50.00", "free": "930.00", "userId": "7"}]}


def operation(schema: Any, **more: Any) -> dict[str, Any]:
    return {"responses": {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}, **more}


def document(**more: Any) -> dict[str, Any]:
    wallets = operation({"$ref": "#/components/schemas/Wallets"}, operationId="getWallets", tags=["account"])
    wallets["responses"]["200"]["content"]["application/json"]["example"] = EXAMPLE
    wallets["parameters"] = [
        {"name": "accountKind", "in": "query", "required": True, "schema": {"type": "string", "enum": ["futures"]}},
        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
    ]
    return {
        "openapi": "3.0.3",
        "info": {"title": "Acme futures", "version": "2"},
        "servers": [{"url": "https://api.acme.example/"}],
        "security": [{"key": []}],
        "paths": {
            "/v1/wallets": {"get": wallets},
            "/v1/time": {"get": operation({"type": "object", "properties": {"now": {"type": "integer"}}}, security=[])},
            "/v1/orders": {"post": operation({}, operationId="placeOrder", requestBody={"content": {}})},
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-KEY"}},
            "schemas": {
                "Unused": {"type": "string"},
                "Wallets": {
                    "type": "object",
                    "required": ["wallets"],
                    "properties": {"wallets": {"type": "array", "items": {"$ref": "#/components/schemas/Wallet"}}},
                },
                "Wallet": {"type": "object", "required": ["coin", "cash", "pnl", "free"], "properties": ROW},
            },
        },
        **more,
    }


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., Path]:
    def write(told: Any) -> Path:
        path = tmp_path / "venue.json"
        path.write_text(json.dumps(told), encoding="utf-8")
        return path

    return write


def files(target: Path) -> set[str]:
    return {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}


def test_the_package_runs_its_tests_at_once(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    Installed into a fresh environment, it fails only where the mapping is empty, and says which figure and which field.
    """
    told = CliRunner().invoke(
        main,
        ["new-venue", "acme", "--spec", str(spec(document())), "--operation", "getWallets", "--output", str(tmp_path)],
    )
    target = tmp_path / "marginbook-acme"
    fresh = Fresh.at(tmp_path / "env")
    fresh.install(target)
    status, out, _ = fresh.run("pytest", "-q", "-p", "no:cacheprovider", cwd=target)
    failed = set(re.findall(r"^FAILED .*::(\w+)", out, re.MULTILINE))

    assert f"Wrote {target}. Go on with:\n    python -m pip install --editable '{target}[dev]'\n" in told.output
    assert 1 == status, out
    assert {
        "test_offline_the_description_is_whole",
        "test_offline_every_field_is_mapped_or_ignored",
        "test_sandbox_the_stage_can_be_looked_at",
    } == failed, out
    assert "wallet_balance: neither in Venue.fills, with its source, nor in Venue.unknown, with the reason.\n" in out
    assert "The field wallets.cash (/v1/wallets?accountKind=futures wallets[0].cash of acme) makes no difference" in out
    assert "Stage.assets is empty: name what the wallets of a portrait are counted in.\n" in out


def asking(**more: Any) -> dict[str, Any]:
    """
    The same venue, where the question is posted.
    """
    told = document(**more)
    wallets = told["paths"]["/v1/wallets"]
    wallets["post"] = {**wallets.pop("get"), "operationId": "askWallets", "parameters": []}
    wallets["post"]["requestBody"] = {"$ref": "#/components/requestBodies/Question"}
    question = {
        "type": "object",
        "required": ["kind", "ownerId", "depth", "venue", "coins", "least"],
        "properties": {
            "kind": {"type": "string", "enum": ["wallets", "orders"], "description": "What is asked."},
            "ownerId": {"type": "string", "description": "The number of the owner,\nfrom the settings page."},
            "depth": {"type": "integer", "default": 5},
            "venue": {"type": "integer", "example": 3},
            "coins": {"type": "array", "items": {"type": "string"}},
            "least": AMOUNT,
            "cursor": {"type": "string"},
        },
    }
    told["components"]["schemas"]["Question"] = question
    told["components"]["requestBodies"] = {
        "Question": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Question"}}},
        }
    }
    return told


def test_a_question_that_is_posted(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    What each account has of its own becomes an option; what the specification leaves open is a value to fill in,
    and the module says so.
    """
    target = new_venue("acme", spec(asking()), tmp_path, ["askWallets", "getV1Time"])
    package = target / "src/marginbook_acme"
    venue = (package / "venue.py").read_text(encoding="utf-8")
    stage = (package / "stage.py").read_text(encoding="utf-8")

    assert "answer = ask_wallets.sync(client=client, body=ask_wallets_body(account))" in venue
    assert "from marginbook_acme.client.models.question import Question\n" in venue
    assert (
        """
            # To fill in: What is asked.
            'kind': 'wallets',
            'ownerId': account.options["owner_id"],
            # To fill in: The depth of the account.
            'depth': 5,
            'venue': account.options["venue_asked"],
            # To fill in: The coins of the account.
            'coins': ['text'],
            # To fill in: The least of the account.
            'least': '1.5',
        }
"""
        in venue
    )
    assert """Option("owner_id", str, 'The number of the owner, from the settings page.', required=True),""" in venue
    assert 'Option("venue_asked", int, ' in venue
    assert "cursor" not in venue
    assert "an\n    operation that changes anything has no place here" in venue
    assert """{"owner_id": 'text', "venue_asked": 3},""" in stage
    assert 'posts={\n                "/v1/wallets": play("askWallets", secured=True),' in stage
    assert "request.get_data()" in stage
    assert "message += body" in (package / "keys.py").read_text(encoding="utf-8")


def test_two_operations_of_one_path(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    What is got and what is posted at one path are two operations.
    """
    told = asking()
    told["paths"]["/v1/wallets"]["get"] = document()["paths"]["/v1/wallets"]["get"]
    target = new_venue("acme", spec(told), tmp_path, ["getWallets", "askWallets"])
    venue = (target / "src/marginbook_acme/venue.py").read_text(encoding="utf-8")

    assert "answer = get_wallets.sync(client=client, account_kind='futures')" in venue
    assert "_2 = ask_wallets.sync(client=client, body=ask_wallets_body(account))" in venue


def test_the_package_of_a_question_runs_its_tests_at_once(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    Installed, what is posted is signed, answered over real HTTP and read: only the mapping is missing.
    """
    target = new_venue("acme", spec(asking()), tmp_path, ["askWallets"])
    fresh = Fresh.at(tmp_path / "env")
    fresh.install(target)
    status, out, _ = fresh.run("pytest", "-q", "-p", "no:cacheprovider", cwd=target)
    failed = set(re.findall(r"^FAILED .*::(\w+)", out, re.MULTILINE))

    assert 1 == status, out
    assert {
        "test_offline_the_description_is_whole",
        "test_offline_every_field_is_mapped_or_ignored",
        "test_sandbox_the_stage_can_be_looked_at",
    } == failed, out


def test_a_swagger_document_will_do(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    Swagger 2.0 becomes OpenAPI 3; the only operation need not be named; and every operation is secured if none says so.
    """
    swagger = {
        "swagger": "2.0",
        "info": {"title": "Zeta", "version": "1.0"},
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": {
            "/v1/{desk}/balances": {
                "get": {
                    "operationId": "GetBalances",
                    "tags": ["Account"],
                    "parameters": [{"name": "desk", "in": "path", "required": True, "type": "string"}],
                    "responses": {
                        "200": {
                            "description": "ok",
                            "schema": {"type": "array", "items": {"$ref": "#/definitions/Row"}},
                        }
                    },
                }
            }
        },
        "definitions": {"Row": {"type": "object", "required": ["coin", "cash"], "properties": ROW}},
    }
    target = new_venue("zeta-futures", spec(swagger), tmp_path)
    package = target / "src/marginbook_zeta_futures"
    venue = (package / "venue.py").read_text(encoding="utf-8")

    assert target == tmp_path / "marginbook-zeta-futures"
    assert "answer = get_balances.sync(client=client, desk='text')" in venue
    assert "balance(account, row) for row in answer]" in venue
    assert "hosts={}," in venue
    assert '"/v1/<desk>/balances": play("GetBalances", secured=True)' in (package / "stage.py").read_text(
        encoding="utf-8"
    )
    assert [{"coin": "text", "cash": "1.5", "pnl": "1.5", "free": "1.5", "userId": "text"}] == json.loads(
        (package / "bodies/GetBalances.json").read_text(encoding="utf-8")
    )
    assert "secured=True" in (package / "client/api/account/get_balances.py").read_text(encoding="utf-8")
    assert {".github/workflows/test.yaml", ".gitignore", "README.md", "specs/zeta_futures.openapi.yaml"} < files(target)


def test_an_answer_without_rows(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    An account without a list of assets is one row, of an asset that the author names; operations get a name if need be.
    """
    schema = {
        "type": "object",
        "properties": {"cash": {"type": "number"}, "open": {"type": "boolean"}, "of": {"type": "array", "items": {}}},
    }
    told = document(paths={"/v1/account": {"parameters": [], "get": operation(schema)}})
    target = new_venue("acme", spec(told), tmp_path)
    venue = (target / "src/marginbook_acme/venue.py").read_text(encoding="utf-8")

    assert "return Statement([balance(account, answer)])" in venue
    assert 'asset="USDT",' in venue
    assert {"cash": 1, "open": True, "of": [{}]} == json.loads(
        (target / "src/marginbook_acme/bodies/getV1Account.json").read_text(encoding="utf-8")
    )


def test_only_what_is_called_is_kept(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    The specification of the package has the operations that are called, secured each, and the schemas that they need.
    """
    told = document()
    told["components"]["schemas"]["Wallets"]["properties"]["best"] = {"$ref": "#/components/schemas/Wallet"}
    target = new_venue("acme", spec(told), tmp_path, ["getWallets", "getV1Time"])
    own = (target / "specs/acme.openapi.yaml").read_text(encoding="utf-8")
    venue = (target / "src/marginbook_acme/venue.py").read_text(encoding="utf-8")

    assert ("placeOrder" in own, "Unused" in own, "Wallet:" in own) == (False, False, True)
    assert "_2 = get_v1_time.sync(client=client)" in venue
    assert 'hosts={"production": "https://api.acme.example"},' in venue


@pytest.mark.parametrize(
    ("name", "told", "wanted", "expected"),
    [
        ("Acme", document(), [], "'Acme' cannot be the id of a venue. Use lower-case words"),
        (
            "acme",
            document(),
            [],
            "It is not said which operations to call. Name them with --operation: getWallets, getV1",
        ),
        ("acme", document(), ["getAll"], "There is no operation getAll. Name them with --operation: getWallets"),
        ("acme", document(), ["placeOrder"], "The operation placeOrder takes a body that is no JSON object to post,"),
        (
            "acme",
            document(paths={"/a": {"put": operation({})}}),
            [],
            "The operation putA is a PUT, which reads nothing.",
        ),
        ("acme", [], [], "The specification cannot be used: "),
        (
            "acme",
            document(
                paths={"/a": {"get": operation({"type": "object", "properties": {"a": {"oneOf": [AMOUNT, AMOUNT]}}})}}
            ),
            [],
            "The specification cannot be used: acme.openapi.yaml: ",
        ),
    ],
)
def test_what_cannot_be_written(
    name: str, told: Any, wanted: list[str], expected: str, spec: Callable[..., Path], tmp_path: Path
) -> None:
    """
    It is said what is wrong and what to do, and nothing is left behind.
    """
    with pytest.raises(ConfigurationError) as caught:
        new_venue(name, spec(told), tmp_path, wanted)

    assert f"{caught.value.message} {caught.value.hint}".startswith(expected)
    assert ["venue.json"] == [path.name for path in tmp_path.iterdir()]


def test_what_is_there_is_left_alone(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    A folder of that name may be somebody's work.
    """
    (tmp_path / "marginbook-acme").mkdir()
    with pytest.raises(ConfigurationError, match="is there already"):
        new_venue("acme", spec(document()), tmp_path, ["getWallets"])


def test_a_missing_extra_is_named(spec: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without what only authors need, the command says what to install.
    """
    monkeypatch.setitem(sys.modules, "copier", None)
    with pytest.raises(ConfigurationError) as caught:
        new_venue("acme", spec(document()), tmp_path, ["getWallets"])

    assert "To write a package takes the package copier, which is not installed." == caught.value.message
    assert "pip install 'marginbook[scaffold]'" == caught.value.hint


def test_the_client_is_written_anew(spec: Callable[..., Path], tmp_path: Path) -> None:
    """
    After a change of the specification, one command writes the client, and removes what is in it no more.
    """
    target = new_venue("acme", spec(document()), tmp_path, ["getWallets"])
    own, folder = target / "specs/acme.openapi.yaml", target / "src/marginbook_acme/client"
    before = files(folder)
    (folder / "models/old.py").write_text("", encoding="utf-8")
    own.write_text(own.read_text(encoding="utf-8").replace("userId", "ownerId"), encoding="utf-8")

    assert "" == client.main([str(own), str(folder)])
    assert before == files(folder)
    assert "owner_id" in (folder / "models/wallet.py").read_text(encoding="utf-8")


def test_the_command_for_the_client_is_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is run with ``python -m``, and its status is that of a command.
    """
    monkeypatch.setattr(sys, "argv", ["client"])
    monkeypatch.delitem(sys.modules, "marginbook.scaffolding.client")
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("marginbook.scaffolding.client", run_name="__main__")

    assert str(caught.value.code).startswith("usage: ")


def test_the_command_for_the_client_says_what_is_wrong(tmp_path: Path) -> None:
    """
    Its arguments, or the specification.
    """
    assert client.main([]).startswith("usage: ")
    assert client.main([str(tmp_path / "no.yaml"), str(tmp_path)]).startswith(
        "The specification cannot be used: no.yaml"
    )
