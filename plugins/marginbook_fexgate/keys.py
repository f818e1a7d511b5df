"""
The gateway's keys, which travel as they are.

Source: the examples of leafan/exgate-client, commit c41769d of 2022-07-04. The specification itself names no
authentication.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from requests.auth import AuthBase

from marginbook import Credential, CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from marginbook import Clock

CREDENTIALS: Final = (
    Credential("api_key", "The gateway's key."),
    Credential("api_secret", "The gateway's secret, which is sent with every request.", sent_as_is=True),
)


class Headers(AuthBase):
    """
    Adds the key and the secret to each attempt.
    """

    def __init__(self, key: str, secret: str) -> None:
        self._key = key
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """
        Add the headers to *request*.
        """
        request.headers["x-exgate-key"] = self._key
        request.headers["x-exgate-secret"] = self._secret
        return request


def sign(secrets: Mapping[str, str], clock: Clock) -> Headers:  # noqa: ARG001  # the gateway does not ask for the time
    """
    Return what adds the key and the secret.

    Raises:
        CredentialsError: One of them cannot stand in a header.

    """
    key, secret = secrets["api_key"].strip(), secrets["api_secret"].strip()
    for name, value in (("api_key", key), ("api_secret", secret)):
        if not (value.isascii() and value.isprintable()):
            msg = f"The {name} has characters that cannot stand in a header."
            raise CredentialsError(msg, hint="Copy it again, without line ends.")
    return Headers(key, secret)
