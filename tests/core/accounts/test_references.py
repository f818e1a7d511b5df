"""
References to secrets.
"""

from __future__ import annotations

import pickle
import shlex
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from marginbook import ConfigurationError, CredentialsError
from marginbook.accounts import Secret, references, resolve

if TYPE_CHECKING:
    from tests.core.conftest import Vault

#: What nobody may see.
CANARY: Final = "canary-1f0e9d"


def command(program: str) -> str:
    return f"cmd:{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


def refusal(written: str) -> CredentialsError:
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
    monkeypatch.setattr(references, "COMMAND_TIMEOUT", 0.5)
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

    for written in (f"file:{tmp_path}/key", "env:EMPTY", "keyring:desk/a", command("print()"), "", " "):
        scheme = written.partition(":")[0].strip() or "literal"

        assert f"The {scheme} reference leads to an empty secret. Put the secret there." == str(refusal(written))


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


@pytest.mark.parametrize("written", [None, 5, b"key", ["key"]])
def test_secrets_are_text(written: Any) -> None:
    """
    A key of digits has to be in quotes, or it would lose its zeros.
    """
    with pytest.raises(ConfigurationError, match=f"is text, not a {type(written).__name__}. Put it in quotes."):
        Secret(written)


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
    sent = pickle.dumps(Secret("env:DESK_A_KEY"))

    assert CANARY.encode() not in sent
    assert CANARY == pickle.loads(sent).reveal()  # noqa: S301  # our own


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
