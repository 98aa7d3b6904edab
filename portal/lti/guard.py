"""Requests to addresses that somebody else has given: never to a private network, never redirected, never endless.

Every request of the LTI package leaves through `session`. The address is resolved once, judged, and connected to as
it was judged, so that a name cannot lead elsewhere in between.
"""

import ipaddress
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 10.0, 30.0
MAX_BYTES = 8 * 1024 * 1024
_AGENT = "Orchestrator LTI"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class BlockedAddressError(requests.RequestException):
    """The address is not one the portal may ask; the text says why."""


class _PrivateNetworkError(Exception):
    """As BlockedAddressError, on its way through urllib3, which would take any OSError for a broken connection."""


class TooMuchError(requests.RequestException):
    """The answer was longer than `MAX_BYTES`, or took longer than `WHOLE_SECONDS`."""


def session(*, private: bool) -> "GuardedSession":
    """A session for one piece of work. ``private`` (a setting) admits private networks and plain http."""
    return GuardedSession(private=private)


class GuardedSession(requests.Session):
    """A session whose every request is judged, timed and cut off; close it when done."""

    def __init__(self, *, private: bool) -> None:
        """No proxy, no netrc and no certificate of the environment: they would lead round the guard."""
        super().__init__()
        self.private = private
        self.trust_env = False
        self.headers["User-Agent"] = _AGENT
        for scheme in ("http://", "https://"):
            self.mount(scheme, _GuardedAdapter(private=private))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send without following redirects and read the whole answer within its limits.

        BlockedAddressError, TooMuchError, or what requests raises for a server that does not answer.
        """
        check_address(request.url or "", private=self.private)
        ends = time.monotonic() + WHOLE_SECONDS
        kwargs |= {"timeout": (CONNECT_SECONDS, READ_SECONDS), "allow_redirects": False, "stream": True}
        try:
            response = super().send(request, **kwargs)
        except _PrivateNetworkError as error:
            raise BlockedAddressError(str(error), request=request) from error
        if response.is_redirect or 300 <= response.status_code < 400:
            response.close()
            raise BlockedAddressError("the answer is a redirect, and redirects are not followed")
        body = bytearray()
        for chunk in response.iter_content(65536):
            body += chunk
            if len(body) > MAX_BYTES or time.monotonic() > ends:
                response.close()
                raise TooMuchError("the answer is too long or too slow")
        response._content = bytes(body)  # the one place requests keeps a body that was streamed
        return response


def check_address(url: str, *, private: bool) -> None:
    """BlockedAddressError unless the address is https (or http where private networks are admitted) with a host."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise BlockedAddressError("the address is malformed") from error
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise BlockedAddressError("the address must begin with https://")
    if not host or parts.username is not None:
        raise BlockedAddressError("the address names no host, or a user")


def _resolve(host: str, port: int, *, private: bool) -> str:
    """The IP address to connect to; an error when any that the name resolves to is not public."""
    found = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not private and not all(_public(str(address)) for address in found):
        raise _PrivateNetworkError(f"{host} leads into a private network")
    return str(found[0])


def _public(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not ip.is_multicast


class _Guarded:
    """Connects to the address that was judged; the name stays for TLS."""

    private: bool

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        try:
            address = _resolve(connection.host, connection.port, private=self.private)
            return create_connection(
                (address, connection.port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"{connection.host} does not answer") from error
        except OSError as error:
            raise NewConnectionError(connection, f"{connection.host} cannot be reached") from error


def _pools(private: bool) -> dict[str, type[HTTPConnectionPool]]:
    plain = type("Plain", (_Guarded, HTTPConnection), {"private": private})
    secure = type("Secure", (_Guarded, HTTPSConnection), {"private": private})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


class _GuardedAdapter(HTTPAdapter):
    """An adapter whose pools open guarded connections."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._private)
