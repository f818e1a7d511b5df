"""
References to secrets.
"""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import shlex
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

from marginbook import ConfigurationError, CredentialsError
from marginbook.accounts import Found, Secret, places, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.core.conftest import Vault

#: What nobody may see.
CANARY: Final = "canary-1f0e9d"

#: The user id of nobody, where there is one.
NOBODY: Final = 65534


def command(program: str) -> str:
    return f"cmd:{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


def refusal(written: str | list[str]) -> CredentialsError:
    with pytest.raises(CredentialsError) as caught:
        Secret(written).reveal()
    assert_silent(caught.value)
    return caught.value


def assert_silent(error: BaseException | None) -> None:
    """
    Neither the error nor anything behind it holds the secret.
    """
    while error is not None:
        assert CANARY not in "".join(traceback.format_exception(error))
        assert CANARY not in repr(vars(error)) + repr(error.args)
        assert CANARY.encode() not in getattr(error, "object", b"")
        error = error.__context__


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The value of a variable, as it is.
    """
    monkeypatch.setenv("DESK_A_KEY", f" {CANARY}\n")

    assert f" {CANARY}\n" == Secret("env:DESK_A_KEY").reveal()
    assert "env" == Secret("env:DESK_A_KEY").scheme


def test_late_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A reference is followed each time, and not when it is written down.
    """
    secret = Secret("env:DESK_A_KEY")
    for value in ("old", "new"):
        monkeypatch.setenv("DESK_A_KEY", value)

        assert value == secret.reveal()


def test_a_missing_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The variable is named, and what to do.
    """
    monkeypatch.delenv("DESK_A_KEY", raising=False)

    assert "The environment variable DESK_A_KEY is not set. Set DESK_A_KEY, or refer to another place." == str(
        refusal("env:DESK_A_KEY")
    )


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_files(tmp_path: Path, end: str) -> None:
    """
    A file is read without the line ends that editors add.
    """
    path = tmp_path / "key"
    path.write_bytes(f"-----BEGIN\n {CANARY} \n-----END{end}".encode())

    assert f"-----BEGIN\n {CANARY} \n-----END" == Secret(f"file:{path}").reveal()


def test_a_file_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A tilde is the home folder, wherever the accounts file is.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text(CANARY)

    assert CANARY == Secret("file:~/key").reveal()
    assert CANARY == Secret("file:~/key").below(tmp_path / "elsewhere").reveal()


def test_a_missing_file(tmp_path: Path) -> None:
    """
    The file is named, with the system's reason.
    """
    path = tmp_path / "key"

    assert f"The file {path} cannot be read: No such file or directory. Correct the path or the permissions." == str(
        refusal(f"file:{path}")
    )
    assert f"The file {tmp_path} cannot be read: Is a directory." == refusal(f"file:{tmp_path}").message


def test_a_missing_home() -> None:
    """
    A home folder that does not exist is a missing file, and no accident.
    """
    secret = Secret("file:~nobody-of-this-name/key")

    assert secret == secret.below(Path("/etc"))
    assert (
        "The file ~nobody-of-this-name/key cannot be read: there is no such home folder."
        == refusal("file:~nobody-of-this-name/key").message
    )


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """
    Bytes are no secret, and are not in the error that says so, nor in its causes.
    """
    path = tmp_path / "key"
    path.write_bytes(CANARY.encode() + b"\xff")

    assert f"The file {path} cannot be read: it is not UTF-8 text." == refusal(f"file:{path}").message


def test_relative_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The path of a file is relative to a folder if it is relative; other references have none.
    """
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a").write_text(CANARY)
    monkeypatch.setenv("keys/a", "other")

    assert CANARY == Secret("file:keys/a").below(tmp_path).reveal()
    assert CANARY == Secret(f"file:{tmp_path}/keys/a").below(tmp_path / "elsewhere").reveal()
    assert "other" == Secret("env:keys/a").below(tmp_path).reveal()
    assert "keys/a" == Secret("keys/a").below(tmp_path).reveal()


def test_commands() -> None:
    """
    What a command prints, without its line end. It has no standard input to wait on.
    """
    assert CANARY == Secret(command(f"print({CANARY!r})")).reveal()
    assert "''" == Secret(command("import sys; print(repr(sys.stdin.read()))")).reveal()


def test_commands_run_without_a_shell(tmp_path: Path) -> None:
    """
    Words are split as a shell would, and nothing else of a shell happens.
    """
    words = Secret(command("import sys; print(sys.argv[1:])") + f" 'a b' $HOME > {tmp_path}/out").reveal()

    assert f"['a b', '$HOME', '>', '{tmp_path}/out']" == words
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (f"print({CANARY!r}); raise SystemExit(3)", "ended with status 3."),
        (f"import sys; sys.exit({CANARY!r})", "ended with status 1."),
        (f"import sys; sys.stdout.buffer.write(b'{CANARY}' + bytes([255]))", "cannot be run (UnicodeDecodeError)."),
    ],
)
def test_commands_that_fail(program: str, expected: str) -> None:
    """
    The program is named, but neither its arguments nor what it printed.
    """
    error = refusal(command(program))

    assert f"The command {sys.executable!r} {expected}" == error.message
    assert "Run it by hand to see what it says." == error.hint


def test_a_command_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A command that waits for ever is given up, and what it had printed by then is forgotten.
    """
    monkeypatch.setattr(places, "COMMAND_TIMEOUT", 0.5)
    program = f"import time; print({CANARY!r}, flush=True); time.sleep(60)"

    assert f"The command {sys.executable!r} cannot be run (TimeoutExpired)." == refusal(command(program)).message


def test_commands_that_are_none() -> None:
    """
    A program that is not there, and a line that is no command.
    """
    assert (
        "The command 'no-such-program' cannot be run (FileNotFoundError)."
        == refusal(f"cmd:no-such-program {CANARY}").message
    )
    for written in ("cmd:", "cmd: ", f"cmd:'{CANARY}"):
        assert "The command is empty, or its quotes do not match. Write it as cmd:PROGRAM ARGUMENT …." == str(
            refusal(written)
        )


@pytest.mark.parametrize(
    ("written", "program"),
    [
        (f"cmd:TOKEN={CANARY} pass", "TOKEN"),
        (f"cmd:'no-such-program --token {CANARY}'", "no-such-program"),
        (f"cmd:no-such-program --token {CANARY}", "no-such-program"),
    ],
)
def test_arguments_are_not_repeated(written: str, program: str) -> None:
    """
    The program is named, and nothing that was put before it or quoted together with it.
    """
    assert f"The command {program!r} cannot be run (FileNotFoundError)." == refusal(written).message


def test_key_store(vault: Vault) -> None:
    """
    The system's key store: what stands after the last slash is the name, and the rest the service.
    """
    vault.set_password("desk/a", "key", CANARY)

    assert CANARY == Secret("keyring:desk/a/key").reveal()


def test_nothing_in_the_key_store(vault: Vault) -> None:
    """
    The hint is the command that puts it there.
    """
    vault.set_password("desk", "a", CANARY)
    error = refusal("keyring:my desk/key")

    assert "The key store has nothing under my desk/key." == error.message
    assert "keyring set 'my desk' key" == error.hint


@pytest.mark.parametrize("error", [OSError(CANARY), RuntimeError(CANARY), KeyError(CANARY)])
def test_a_broken_key_store(vault: Vault, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A key store may fail with an error of its own, and nobody knows what is in it.
    """

    def fail(_: str, __: str) -> NoReturn:
        raise error

    monkeypatch.setattr(vault, "get_password", fail)

    assert f"The key store cannot be asked for desk/a ({type(error).__name__})." == refusal("keyring:desk/a").message


def test_a_locked_key_store(vault: Vault) -> None:
    """
    A key store that does not answer says so.
    """
    vault.locked = True

    assert "The key store cannot be asked for desk/a (KeyringLocked). Unlock it, or refer to another place." == str(
        refusal("keyring:desk/a")
    )


def test_no_key_store_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Who has not installed the extra is told how.
    """
    monkeypatch.setitem(sys.modules, "keyring", None)

    assert "A keyring: reference needs the package keyring. pip install 'marginbook[keyring]'" == str(
        refusal("keyring:desk/a")
    )


def test_empty_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    """
    An empty secret would be a signature that looks like one: it is as good as none.
    """
    (tmp_path / "key").write_text("\n")
    monkeypatch.setenv("EMPTY", "  ")
    vault.set_password("desk", "a", "")

    for written in (f"file:{tmp_path}/key", "env:EMPTY", "keyring:desk/a"):
        assert f"The secret is empty: {written}. Put the secret there." == str(refusal(written))
    assert f"The secret is empty: cmd:{sys.executable} …." == refusal(command("print()")).message
    for written in ("", " "):
        assert "The secret is empty: written out in the accounts." == refusal(written).message


@pytest.mark.parametrize("written", ["env:", "file:", "keyring:", "cmd:"])
def test_references_to_nowhere(written: str, vault: Vault) -> None:
    """
    A kind without a place is a reference that leads nowhere, and no secret to send to a venue.
    """
    assert {} == vault.secrets
    assert written[:-1] == Secret(written).scheme
    refusal(written)


@pytest.mark.parametrize("written", [CANARY, "a b:c", "1:2", ":x", "https"])
def test_literals(written: str) -> None:
    """
    A text that is no reference is the secret itself.
    """
    assert "literal" == Secret(written).scheme
    assert written == Secret(written).reveal()


@pytest.mark.parametrize(
    "written", ["evn:DESK_A_KEY", "ENV:DESK_A_KEY", f"vault:{CANARY}", f"{CANARY}:x", f"{CANARY}:"]
)
def test_unknown_kinds(written: str) -> None:
    """
    A mistyped kind is not taken for a secret. What was written is not repeated, on either side of the colon.
    """
    with pytest.raises(ConfigurationError) as caught:
        Secret(written)

    assert (
        "What stands before the colon is not a kind of reference to a secret. Use one of env:, file:, cmd:, keyring:;"
        " a secret with a colon in it goes into one of these." == str(caught.value)
    )
    assert_silent(caught.value)


@pytest.mark.parametrize("wrong", [None, 5, CANARY.encode(), {CANARY: CANARY}, {CANARY}])
def test_secrets_are_text(wrong: Any) -> None:
    """
    A key of digits has to be in quotes, or it would lose its zeros. What was written is not repeated.
    """
    for written in (wrong, ["env:K", wrong]):
        with pytest.raises(ConfigurationError, match=f"is text, not a {type(wrong).__name__}. Put it in quotes.") as e:
            Secret(written)

        assert_silent(e.value)


def test_lists_in_lists() -> None:
    """
    A list in a list is no reference.
    """
    written: Any = ["env:K", [CANARY]]
    with pytest.raises(ConfigurationError, match="is text, not a list") as caught:
        Secret(written)

    assert_silent(caught.value)


def test_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    """
    The first place that has a secret wins; a variable that is not set, a file or an entry that is not there do not.
    """
    secret = Secret(
        [
            "file:~nobody-of-this-name/key",
            "keyring:desk/a",
            "env:DESK_A_KEY",
            f"file:{tmp_path}/key",
            command("print('last')"),
        ]
    )

    assert "last" == secret.reveal()
    (tmp_path / "key").write_text("from a file")
    assert "from a file" == secret.reveal()
    monkeypatch.setenv("DESK_A_KEY", "from the environment")
    assert "from the environment" == secret.reveal()
    vault.set_password("desk", "a", "from the key store")
    assert "from the key store" == secret.reveal()


def test_places_that_cannot_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    """
    A place that may have the secret is not passed over: the next one may have another account's.
    """
    monkeypatch.setenv("EMPTY", "")
    (tmp_path / "bytes").write_bytes(b"\xff")
    vault.locked = True
    troubles = {
        "env:EMPTY": "The secret is empty: env:EMPTY.",
        f"file:{tmp_path}": f"The file {tmp_path} cannot be read: Is a directory.",
        f"file:{tmp_path}/bytes": f"The file {tmp_path}/bytes cannot be read: it is not UTF-8 text.",
        f"file:{tmp_path}/bytes/key": f"The file {tmp_path}/bytes/key cannot be read: Not a directory.",
        "keyring:desk/a": "The key store cannot be asked for desk/a (KeyringLocked).",
        "cmd:": "The command is empty, or its quotes do not match.",
        "cmd:no-such-program": "The command 'no-such-program' cannot be run (FileNotFoundError).",
        command("raise SystemExit(1)"): f"The command {sys.executable!r} ended with status 1.",
    }
    monkeypatch.setenv("OTHER", CANARY)
    monkeypatch.delenv("UNSET", raising=False)
    for written, message in troubles.items():
        assert message == refusal(["env:UNSET", written, "env:OTHER"]).message


def test_no_key_store_package_in_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A key store that cannot be asked for want of the extra may have the secret, too.
    """
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setenv("OTHER", CANARY)

    assert "A keyring: reference needs the package keyring." == refusal(["keyring:desk/a", "env:OTHER"]).message


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """
    Be nobody, where one is root, who can read everything.
    """
    before = os.geteuid()
    os.seteuid(before or NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_files_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file that somebody else owns is there, and is not passed over.
    """
    path = tmp_path / "key"
    path.touch(0o000)
    monkeypatch.setenv("OTHER", CANARY)
    with unprivileged():
        error = refusal([f"file:{path}", "env:OTHER"])

    assert f"The file {path} cannot be read: Permission denied." == error.message


def test_a_secret_that_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    """
    All places are named. A list of one is as good as its reference alone.
    """
    monkeypatch.delenv("UNSET", raising=False)
    vault.set_password("desk", "b", CANARY)
    error = refusal(["env:UNSET", f"file:{tmp_path}/key", "keyring:desk/a"])

    assert (
        f"The environment variable UNSET is not set. The file {tmp_path}/key cannot be read: No such file or directory."
        " The key store has nothing under desk/a." == error.message
    )
    assert "Put the secret in one of these places." == error.hint
    assert str(refusal("env:UNSET")) == str(refusal(["env:UNSET"]))


def test_lists_hold_references_alone() -> None:
    """
    A secret in a list would always win, so that something else must have been meant.
    """
    for written in (["env:K", CANARY], [CANARY, "env:K"], [CANARY], (CANARY, CANARY), ["env:K", ""]):
        with pytest.raises(
            ConfigurationError, match=r"has a secret itself in it, which would always be .*\. Give"
        ) as e:
            Secret(written)

        assert_silent(e.value)


def test_empty_lists() -> None:
    """
    A list of no references is a mistake, and no secret that is not there.
    """
    with pytest.raises(ConfigurationError, match=r"has nothing in it\. Give it references such as env:NAME"):
        Secret([])


def test_unknown_kinds_in_lists() -> None:
    """
    A mistyped kind is refused when it is written down, even behind one that would win.
    """
    with pytest.raises(ConfigurationError, match="is not a kind of reference") as caught:
        Secret(["env:K", f"evn:{CANARY}"])

    assert_silent(caught.value)


def test_lists_are_values() -> None:
    """
    Lists are equal if their references and the order of these are.
    """
    assert 1 == len({Secret(["env:A", "file:b"]), Secret(("env:A", "file:b"))})
    assert Secret("env:A") == Secret(["env:A"])
    assert Secret(["env:A", "file:b"]) != Secret(["file:b", "env:A"])
    assert ("list", "env", "literal") == tuple(Secret(w).scheme for w in (["env:A", "file:b"], ["env:A"], "A"))
    assert "Secret()" == repr(Secret(["env:A", "file:b"]))


def test_lists_of_relative_files(tmp_path: Path) -> None:
    """
    Each path of a list is relative to the folder.
    """
    (tmp_path / "b").write_text(CANARY)
    secret = Secret(["file:a", "file:b", "file:/c", "file:~nobody-of-this-name/d", "env:e"]).below(tmp_path)

    assert (tmp_path / "a", tmp_path / "b", Path("/c")) == secret.files
    assert CANARY == secret.reveal()


def test_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    """
    Where a secret was is told without the secret, and without the arguments of a command.
    """
    monkeypatch.setenv("DESK_A_KEY", CANARY)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("UNSET", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text(CANARY)
    vault.set_password("my desk", "a", CANARY)
    places = {
        "env:DESK_A_KEY": "env:DESK_A_KEY",
        "file:key": f"file:{tmp_path}/key",
        "file:~/key": f"file:{tmp_path}/key",
        "keyring:my desk/a": "keyring:my desk/a",
        command(f"print({CANARY!r})"): f"cmd:{sys.executable} …",
        CANARY: "written out in the accounts",
    }

    assert {w: Found(CANARY, place) for w, place in places.items()} == {w: Secret(w).find() for w in places}
    assert Found(CANARY, "env:DESK_A_KEY") == Secret(["env:UNSET", "env:DESK_A_KEY", "file:key"]).find()


def test_what_was_found_stays() -> None:
    """
    What was found shows its place alone, and is refused by pickle.
    """
    found = Secret(CANARY).find()

    assert "Found(place='written out in the accounts')" == repr(found)
    with pytest.raises(ConfigurationError, match="A secret does not travel to other processes") as caught:
        pickle.dumps(found)
    assert_silent(caught.value)


def test_nothing_shows_a_secret() -> None:
    """
    Printing and formatting do not tell what was written.
    """
    secret = Secret(CANARY)

    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", f"{secret=}"):
        assert "Secret()" == shown.removeprefix("secret=").strip()


def test_references_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A reference can be pickled, and is followed where it arrives; the secret is not in the pickle.
    """
    monkeypatch.setenv("DESK_A_KEY", CANARY)
    monkeypatch.delenv("UNSET", raising=False)
    for secret in (Secret("env:DESK_A_KEY"), Secret(["env:UNSET", "env:DESK_A_KEY"])):
        sent = pickle.dumps(secret)

        assert CANARY.encode() not in sent
        assert secret == pickle.loads(sent)  # noqa: S301  # our own
        assert CANARY == pickle.loads(sent).reveal()  # noqa: S301  # likewise


def test_secrets_do_not_travel() -> None:
    """
    A secret itself is refused by pickle, with what to write instead.
    """
    with pytest.raises(
        ConfigurationError, match=r"Give the account a reference such as env:NAME or file:PATH"
    ) as caught:
        pickle.dumps(Secret(CANARY))

    assert_silent(caught.value)


def test_resolving(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    All secrets of an account, or the name of the one that is missing.
    """
    monkeypatch.setenv("DESK_A_KEY", "key")
    monkeypatch.delenv("DESK_A_SECRET", raising=False)
    credentials = {"api_key": Secret("env:DESK_A_KEY"), "passphrase": Secret(CANARY)}

    assert {"api_key": "key", "passphrase": CANARY} == resolve(credentials)
    with pytest.raises(
        CredentialsError, match=r"^api_secret: The environment variable DESK_A_SECRET is not set\. Set "
    ):
        resolve({**credentials, "api_secret": Secret("env:DESK_A_SECRET")})


def test_what_was_found_does_not_show_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A secret that was looked up is a text like any other, but that its repr, and that of its parts, does not show it.
    """
    monkeypatch.setenv("DESK_A_KEY", f" {CANARY} ")
    found = Secret("env:DESK_A_KEY").reveal()

    assert f" {CANARY} " == found
    assert CANARY == found.strip()
    assert CANARY[:6] == found.strip()[:6]
    for text in (found, found.strip(), found[:6], copy.copy(found), copy.deepcopy(found), {"api_key": found}):
        assert CANARY[:6] not in repr(text)
    with pytest.raises(ConfigurationError, match=r"^A secret does not travel to other processes\."):
        pickle.dumps(found)


def test_a_variable_that_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Bytes in the environment that are no text are no secret either.
    """
    monkeypatch.setenv("DESK_A_KEY", f"{CANARY}\udcff")

    assert "The secret is not UTF-8 text: env:DESK_A_KEY. Put the secret there again." == str(refusal("env:DESK_A_KEY"))
