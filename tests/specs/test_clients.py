"""
The generated clients: what they read, what they refuse, what they send.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import pytest
import requests
from requests.adapters import BaseAdapter

from generate import CLIENTS, GENERATED, PACKAGE
from marginbook.wire import ApiError, Client, InvalidResponseError, Unset, decode
from published import specification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

DOCUMENTS = {name: specification(name) for name in CLIENTS}

#: What plugins import. A specification that moves one of these is a reason to look twice.
MODULES = {
    "binance_coinm": [
        "account.account_information",
        "account.futures_account_balance",
        "market.check_server_time",
        "market.index_price_and_mark_price",
    ],
    "binance_pm": ["account.account_balance", "account.account_information"],
    "binance_usdm": [
        "account.account_configuration",
        "account.account_information_v3",
        "account.futures_account_balance_v2",
        "account.futures_account_balance_v3",
        "market.asset_index",
        "market.check_server_time",
        "market.mark_price",
    ],
    "bitget": ["account.get_account_list", "system.get_server_time"],
    "bitmex": ["account.get_assets_config", "account.get_margin", "market.get_info"],
    "bybit": [
        "account.get_account_info",
        "account.get_transferable_amount",
        "account.get_wallet_balance",
        "market.get_server_time",
    ],
    "coinswitch": [
        "account.get_positions",
        "account.get_wallet_balance",
        "account.validate_keys",
        "system.get_server_time",
    ],
    "deribit": ["account.get_account_summaries", "system.get_time"],
    "fexgate": ["future_trade.future_trade_future_balance"],
    "gate": [
        "account.list_delivery_accounts",
        "account.list_futures_accounts",
        "account.list_unified_accounts",
        "system.get_system_time",
    ],
    "hyperliquid": [
        "info.clearinghouse_state",
        "info.meta",
        "info.perp_dexs",
        "info.spot_clearinghouse_state",
        "info.user_abstraction",
    ],
    "kraken_futures": ["account.get_accounts", "market.get_instrument_status_list"],
    "kucoin_futures": ["account.get_futures_account", "market.get_all_symbols", "market.get_server_time"],
    "mexc": ["account.get_account_assets", "system.get_server_time"],
    "okx": [
        "account.get_account_balance",
        "account.get_account_config",
        "account.get_maximum_withdrawals",
        "public.get_system_time",
    ],
}

#: What grpc-gateway prints of balances, where unset fields are empty or absent, and of an error.
GATEWAY_BALANCES = {
    "balances": [
        {
            "accountAlias": "SgsR",
            "asset": "USDT",
            "balance": "122607.35137903",
            "crossWalletBalance": "23.72469206",
            "crossUnPnl": "0.00000000",
            "availableBalance": "",
            "maxWithdrawAmount": "23.72469206",
            "marginAvailable": True,
            "updateTime": 1617939110373,
        },
        {},
    ]
}
GATEWAY_ERROR = {"code": 16, "message": "unauthenticated", "details": [{"@type": "example/Reason", "value": "e30="}]}


#: What the operations need, by the name that a venue gives it.
ARGUMENTS: dict[str, object] = {
    "X-BAPI-RECV-WINDOW": 5000,
    "accountType": "UNIFIED",
    "coinName": "USDT",
    "currency": "USDT",
    "exchange": "fbinance",
    "productType": "USDT-FUTURES",
    "settle": "usdt",
}


class Operation(NamedTuple):
    """
    An operation of a specification, and the module that was generated from it.
    """

    client: str
    module: ModuleType
    method: str
    path: str
    specified: dict[str, Any]

    @property
    def arguments(self) -> dict[str, object]:
        if "requestBody" in self.specified:
            (body,) = [model for model in MODELS if model.cls.__name__ == self.asked]
            return {"body": body.cls.from_dict(body.sample())}
        return {snake(parameter["name"]): ARGUMENTS[parameter["name"]] for parameter in self.needed}

    @property
    def needed(self) -> list[dict[str, Any]]:
        """
        The parameters without which it cannot be asked.
        """
        shared = DOCUMENTS[self.client]["components"].get("parameters", {})
        given = self.specified.get("parameters", [])
        parameters = [shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in given]
        return [parameter for parameter in parameters if parameter.get("required")]

    @property
    def asked(self) -> str:
        """
        The name of the model of what is posted.
        """
        return str(inspect.signature(self.module.sync).parameters["body"].annotation)

    @property
    def address(self) -> str:
        needed = [parameter["name"] for parameter in self.needed if parameter["in"] == "query"]
        query = "&".join(f"{name}={ARGUMENTS[name]}" for name in needed)
        return f"/base{self.path.format_map(ARGUMENTS)}{query and '?'}{query}"

    @property
    def example(self) -> Any:
        return GATEWAY_BALANCES if self.client == "fexgate" else self.content("200")["example"]

    def errors(self) -> Iterator[tuple[int, Any]]:
        for status in self.specified["responses"].keys() - {"200"}:
            code = 400 if status == "default" else int(status)
            content = self.content(status)
            if self.client == "fexgate":
                yield code, GATEWAY_ERROR
            elif "example" in content:
                yield code, content["example"]
            else:
                yield from ((code, example["value"]) for example in content["examples"].values())

    def content(self, status: str) -> Any:
        (content,) = self._contents(status).values()
        return content

    @property
    def refuses_in_json(self) -> bool:
        return "application/json" in self._contents("default")

    def _contents(self, status: str) -> dict[str, Any]:
        response = self.specified["responses"][status]
        if "$ref" in response:
            response = DOCUMENTS[self.client]["components"]["responses"][response["$ref"].rpartition("/")[2]]
        contents: dict[str, Any] = response["content"]
        return contents


def find_operations() -> Iterator[Operation]:
    for client, names in MODULES.items():
        for name in names:
            module = importlib.import_module(f"{PACKAGE}.{client}.api.{name}")
            method, _, path = inspect.cleandoc(module.__doc__ or "").partition(" ")
            yield Operation(client, module, method, path, DOCUMENTS[client]["paths"][path][method.lower()])


OPERATIONS = list(find_operations())

every_operation = pytest.mark.parametrize(
    "operation", OPERATIONS, ids=[f"{operation.client} {operation.path}" for operation in OPERATIONS]
)


class Venue(BaseAdapter):
    """
    Gives one answer to whoever asks, and keeps the request.
    """

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self.request = requests.PreparedRequest()
        self._answer = requests.Response()
        self._answer.status_code = status
        self._answer.raw = BytesIO(body)

    def ask(self, call: Callable[..., Any], **arguments: object) -> Any:
        with requests.Session() as session:
            session.auth = signed
            session.mount("https://", self)
            return call(client=Client(base_url="https://venue.example/base", session=session), **arguments)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.request = self._answer.request = request
        return self._answer

    def close(self) -> None:
        pass


def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    request.headers["X-Signed"] = "yes"
    return request


def snake(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])|-", "_", name).lower()


def text(body: Any) -> bytes:
    return json.dumps(body).encode()


def digits(value: Any) -> Any:
    """
    Return JSON with the digits of each number: maps hold numbers, and what is published of them may be texts.
    """
    match value:
        case dict():
            return {name: digits(item) for name, item in value.items()}
        case list():
            return [digits(item) for item in value]
        case int() | float() | Decimal() if not isinstance(value, bool):
            return f"{Decimal(str(value)):f}"
    return value


def plain(parsed: Any) -> Any:
    if isinstance(parsed, list):
        return [plain(row) for row in parsed]
    return parsed.to_dict() if attrs.has(type(parsed)) else parsed


class Model(NamedTuple):
    """
    A schema of a specification, and the class that was generated from it.
    """

    client: str
    schema: dict[str, Any]
    cls: Any

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = self.schema["properties"]
        return fields

    def sample(self) -> Any:
        return sample(self.client, self.schema)


def sample(client: str, schema: dict[str, Any]) -> Any:
    """
    Return a value that a schema allows.
    """
    match schema:
        case {"$ref": str() as name}:
            return sample(client, DOCUMENTS[client]["components"]["schemas"][name.rpartition("/")[2]])
        case {"properties": dict() as fields}:
            return {name: sample(client, field) for name, field in fields.items()}
        case {"additionalProperties": dict() as entry}:
            return {"anything": sample(client, entry)}
        case {"items": dict() as items}:
            return [sample(client, items)] * 2
        case {"format": "decimal"}:
            return "-120.00000000"
        case {"description": _} if "type" not in schema:
            return {"whatever": [1, None]}
        case {"type": "object"}:
            return {}
    kind = schema.get("type", "string")
    return {"string": "text", "integer": 1617939110373, "number": 1617939110373, "boolean": False}[kind]


def find_models() -> Iterator[Model]:
    for client, document in DOCUMENTS.items():
        package = importlib.import_module(f"{PACKAGE}.{client}.models")
        modules = [
            importlib.import_module(f"{package.__name__}.{info.name}")
            for info in pkgutil.iter_modules(package.__path__)
        ]
        classes = {
            name.lower(): value
            for module in modules
            for name, value in vars(module).items()
            if attrs.has(value) and value.__module__ == module.__name__
        }
        for name, schema in document["components"]["schemas"].items():
            yield Model(client, schema, classes[name.lower()])


MODELS = list(find_models())

every_model = pytest.mark.parametrize("model", MODELS, ids=[f"{model.client}.{model.cls.__name__}" for model in MODELS])

#: JSON that a field of a type must not be taken from. Where null is first, some may be that.
WRONG = {
    "string": ["null", "1", "true", "[]", "{}"],
    "decimal": [
        *(
            "null",
            "true",
            "[]",
            "{}",
            '""',
            '"NaN"',
            '"-Infinity"',
            '"1e400"',
            '" 1"',
            '"+1"',
            '".5"',
            '"1_000"',
            '"1,5"',
        ),
        *('"0x1"', '"\\u0661"', f'"{"1" * 41}"', "NaN", "Infinity", "1e400", "1" * 41),
    ],
    "integer": ["null", "true", '"1"', "1.0", "1e3", "NaN", "1e400", "[]"],
    "number": ["null", "true", '""', '"NaN"', "NaN", "-Infinity", "1e400", "[]"],
    "boolean": ["null", "0", "1", '"true"', "[]"],
    "array": ["null", "{}", '"text"', "[null]", "[[]]", "[1]"],
    "object": ["null", "[]", '"text"', "true"],
    # Nobody reads it.
    "untyped": [],
}


def _has_numbers(field: dict[str, Any]) -> bool:
    return bool(field["items"].get("type") == "number")


def find_wrongs(model: Model) -> Iterator[tuple[str, str]]:
    for name, field in model.fields.items():
        kind = "object" if "$ref" in field else field.get("type", "untyped")
        kind = "decimal" if field.get("format") == "decimal" else kind
        right = {
            *(["null"] if field.get("nullable") else []),
            *(["[1]"] if kind == "array" and _has_numbers(field) else []),
        }
        yield from ((name, wrong) for wrong in WRONG[kind] if wrong not in right)


def refusal(model: Model, body: bytes) -> str:
    """
    Return why a body is refused, or nothing if it is read.
    """
    try:
        model.cls.from_dict(decode(body))
    except InvalidResponseError as error:
        return str(error)
    return ""


def test_every_operation_is_where_plugins_look() -> None:
    """
    Each operation of each specification has a module, at the place that plugins know; there are no others.
    """
    found = [
        path.relative_to(GENERATED / PACKAGE).with_suffix("").as_posix()
        for path in sorted((GENERATED / PACKAGE).glob("*/api/*/*.py"))
        if path.stem != "__init__"
    ]

    assert [f"{client}/api/{name.replace('.', '/')}" for client, names in MODULES.items() for name in names] == found
    assert {(client, path) for client, document in DOCUMENTS.items() for path in document["paths"]} == {
        (operation.client, operation.path) for operation in OPERATIONS
    }


@every_operation
def test_example_comes_back_to_the_last_digit(operation: Operation) -> None:
    """
    What a venue publishes as an example is read, and turned back into the same JSON.
    """
    answer = Venue(200, text(operation.example)).ask(operation.module.sync_detailed, **operation.arguments)

    assert digits(operation.example) == digits(plain(answer.parsed))
    assert (200, text(operation.example)) == (answer.status_code, answer.content)


@every_operation
def test_sync_is_the_parsed_answer(operation: Operation) -> None:
    """
    ``sync`` leaves out what ``sync_detailed`` tells besides.
    """
    parsed = Venue(200, text(operation.example)).ask(operation.module.sync, **operation.arguments)
    answer = Venue(200, text(operation.example)).ask(operation.module.sync_detailed, **operation.arguments)

    assert answer.parsed == parsed


@every_operation
def test_documented_errors_are_typed(operation: Operation) -> None:
    """
    A documented error is raised with its body parsed, and without a word of it in the text.
    """
    for status, body in operation.errors():
        with pytest.raises(ApiError) as caught:
            Venue(status, text(body) if operation.refuses_in_json else body.encode()).ask(
                operation.module.sync, **operation.arguments
            )

        assert body == plain(caught.value.parsed)
        sent = operation.address.partition("?")[0].partition("#")[0]
        assert f"{operation.method} {sent} answered with status {status}." == str(caught.value)


@every_operation
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, b"[]"),
        (204, b""),
        (302, b""),
        (403, b"<html><body>Request blocked, secret</body></html>"),
        (418, b"secret"),
        (429, b'{"unexpected": "secret"'),
        (500, b"[1, 2, 3]"),
        (503, b'{"code": ["secret"], "msg": 1, "message": 2}'),
        (520, b"\xff\xfe"),
        (999, b"null"),
    ],
)
def test_whatever_is_not_documented_is_the_same_error(operation: Operation, status: int, body: bytes) -> None:
    """
    A status or a body that nobody documented becomes the same error, with the body at hand but not in the text.
    """
    with pytest.raises(ApiError) as caught:
        Venue(status, body).ask(operation.module.sync, **operation.arguments)

    parsed = None if operation.refuses_in_json else body.decode(errors="replace")
    assert (status, body, parsed) == (caught.value.status_code, caught.value.content, caught.value.parsed)
    assert "secret" not in f"{caught.value!s} {caught.value!r}"
    assert caught.value.__context__ is None


@every_operation
def test_success_with_another_body_is_invalid(operation: Operation) -> None:
    """
    An answer that calls itself a success and is something else is an invalid response of that operation.
    """
    wrong = {"code": -1021} if isinstance(operation.example, list) else [operation.example]
    with pytest.raises(
        InvalidResponseError, match=r"^(GET|POST) /.*: the body: expected (list|dict|str), got a (list|dict) of"
    ):
        Venue(200, text(wrong)).ask(operation.module.sync, **operation.arguments)


@every_operation
def test_only_what_is_secured_is_signed(operation: Operation) -> None:
    """
    The session's auth signs an operation that the specification secures, and no other.
    """
    venue = Venue(200, text(operation.example))
    venue.ask(operation.module.sync, **operation.arguments)

    assert bool(operation.specified.get("security")) == ("X-Signed" in venue.request.headers)
    assert (operation.method, f"https://venue.example{operation.address}") == (venue.request.method, venue.request.url)


def test_parameters_are_sent_when_given() -> None:
    """
    An optional parameter is in the query if it is given.
    """
    operation = importlib.import_module(f"{PACKAGE}.binance_usdm.api.account.futures_account_balance_v3")
    venue = Venue(200, b"[]")

    assert [] == venue.ask(operation.sync, recv_window=6000)
    assert "/base/fapi/v3/balance?recvWindow=6000" == venue.request.path_url


@every_model
def test_round_trip(model: Model) -> None:
    """
    What a schema allows is read and written without a change; numbers stay numbers, and decimals their digits.
    """
    assert model.sample() == model.cls.from_dict(decode(text(model.sample()))).to_dict()


@every_model
def test_decimals_are_decimals(model: Model) -> None:
    """
    Each amount that a specification marks as a decimal is a Decimal in the model, and so is each number.
    """
    parsed = model.cls.from_dict(decode(text(model.sample())))
    *fields, _additional = attrs.fields(model.cls)

    for field, schema in zip(fields, model.fields.values(), strict=True):
        is_decimal = schema.get("format") == "decimal" or schema.get("type") == "number"
        assert is_decimal == isinstance(getattr(parsed, field.name), Decimal)
        assert is_decimal == (field.type in {"Decimal", "Decimal | Unset", "Decimal | Unset | None"})


@every_model
def test_news_is_kept(model: Model) -> None:
    """
    A field that the specification does not know is kept, and written back; where all fields are of a kind, it is too.
    """
    typed = model.schema.get("additionalProperties")
    news = {"news": sample(model.client, typed) if typed else {"amount": Decimal("0.10"), "rows": [None]}}
    parsed = model.cls.from_dict(model.sample() | news)

    known = model.cls.from_dict(model.sample()).additional_properties

    assert [*known, "news"] == list(parsed.additional_properties)
    assert typed or ({}, news) == (known, parsed.additional_properties)
    assert model.sample() | news == parsed.to_dict()


@every_model
def test_missing_fields(model: Model) -> None:
    """
    A field that is missing is named if it is required, and unset if it is not.
    """
    for name, field in zip(model.fields, attrs.fields(model.cls), strict=False):
        body = {key: value for key, value in model.sample().items() if key != name}
        if name in model.schema.get("required", []):
            with pytest.raises(InvalidResponseError, match=f"^{model.cls.__name__}.{name}: missing.$"):
                model.cls.from_dict(body)
        else:
            parsed = model.cls.from_dict(body)
            assert isinstance(getattr(parsed, field.name), Unset)
            assert body == parsed.to_dict()


@every_model
def test_wrong_fields_are_named(model: Model) -> None:
    """
    A value of another type, or a number that cannot be read exactly, is refused by the name of its field.
    """
    told = {
        (name, wrong): refusal(model, json.dumps(model.sample() | {name: "@"}).replace('"@"', wrong).encode())
        for name, wrong in find_wrongs(model)
    }

    assert [] == [
        (name, wrong, reason)
        for (name, wrong), reason in told.items()
        if not re.match(rf"(The body\.{name:.31}|{model.cls.__name__}\.{name})\b", reason)
    ]


@every_model
def test_doubled_fields_are_named(model: Model) -> None:
    """
    A body that says something twice is refused, since either may be meant.
    """
    for name in model.fields:
        body = text(model.sample())[:-1] + f', "{name}": 0}}'.encode()
        shown = repr(name) if len(name) <= 31 else f"a str of length {len(name)}"
        with pytest.raises(InvalidResponseError, match=f"^The body has {shown} twice in one object.$"):
            decode(body)


@every_model
def test_whole_bodies_of_another_type(model: Model) -> None:
    """
    What is no object is refused by the name of the model.
    """
    for wrong in ("text", 1, True, None, [1]):
        with pytest.raises(InvalidResponseError, match=f"^{model.cls.__name__}: expected dict, got "):
            model.cls.from_dict(wrong)


@every_model
def test_fields_are_explained(model: Model) -> None:
    """
    The docstring of a model says of each field what the specification says.
    """
    told = " ".join((inspect.getdoc(model.cls) or "").split())

    for schema in (schema for schema in model.fields.values() if "$ref" not in schema):
        assert " ".join(schema.get("description", "").split()) in told


def test_importing_an_operation_imports_little() -> None:
    """
    Whoever imports an operation pays for the model of its success, not for those of its errors and of other operations.
    """
    program = """
import importlib, sys
for name in sys.argv[1:]:
    before = set(sys.modules)
    importlib.import_module(name)
    print(*sorted(module for module in sys.modules.keys() - before if ".models." in module))
    for module in [module for module in sys.modules if module.startswith("marginbook_clients")]:
        del sys.modules[module]
assert "httpx" not in sys.modules
"""
    result = subprocess.run(
        [sys.executable, "-c", program, *(operation.module.__name__ for operation in OPERATIONS)],
        capture_output=True,
        check=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )

    for operation, imported in zip(OPERATIONS, result.stdout.splitlines(), strict=True):
        returned = str(inspect.signature(operation.module.sync).return_annotation)
        model = returned.removeprefix("list[").removesuffix("]")
        # What is no model imports none.
        assert imported == getattr(vars(operation.module).get(model), "__module__", "").replace("typing", "")
