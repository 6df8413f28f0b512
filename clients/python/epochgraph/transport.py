"""GraphQL over HTTP on one kept-alive connection, with a bound on every wait."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import time
import urllib.parse
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Any, Dict, List, Mapping, Optional

from .errors import EpochgraphError, Refused, ServerFault, Unreachable
from .version import VERSION

JSON_TYPE = "application/json"

# The record itself is at fault. Every other code is about the server, the token or the versions of the two sides.
PERMANENT_CODES = frozenset(["BAD_USER_INPUT", "NOT_FOUND", "CONFLICT", "LIMIT_EXCEEDED"])
_PASSING_CODES = frozenset(
    [
        "DATABASE_UNAVAILABLE",
        "TIMED_OUT",
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "BAD_REQUEST",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
    ]
)
# What the server takes; past it, it may close the connection before its answer can be read.
_LARGEST_REQUEST = 8 * 1024 * 1024
_LARGEST_ANSWER = 512 * 1024 * 1024
_LONGEST_RETRY_AFTER = 300.0


class Address:
    """Where the API is: a checked http(s) URL without credentials. Raises ValueError with a sentence for any other."""

    def __init__(self, url: str) -> None:
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"{url!r} is no URL: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a server; it takes one like http://127.0.0.1:4000/graphql")
        if parts.username is not None or parts.password is not None:
            raise ValueError("the address must not hold a user or password; give the token as token= or EPOCHGRAPH_TOKEN")
        self.secure = parts.scheme == "https"
        self.host: str = parts.hostname
        self.port: int = port if port is not None else (443 if self.secure else 80)
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.url = urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))

    def stream_path(self) -> str:
        """The path at which subscriptions are served as Server-Sent Events."""
        path, _, query = self.path.partition("?")
        return path.rstrip("/") + "/stream" + (f"?{query}" if query else "")


def usable_token(token: Optional[str]) -> Optional[str]:
    """The token without blanks around it (files end in newlines); None for none.

    Raises ValueError, which does not repeat it, for one that can't be sent.
    """
    token = (token or "").strip()
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ValueError("the token holds characters that no token has; check EPOCHGRAPH_TOKEN")
    return token or None


class Connection:
    """Requests to one address. Not for several threads at once.

    `timeout` bounds, in seconds, connecting, each wait for bytes, and the whole of a request.
    """

    def __init__(self, address: Address, token: Optional[str] = None, timeout: float = 30.0) -> None:
        self.address = address
        self.timeout = timeout
        self._token = usable_token(token)
        self._http: Optional[http.client.HTTPConnection] = None
        self._absolute = False
        self._proxy_headers: Dict[str, str] = {}

    def close(self) -> None:
        """Closes the connection; the next request opens one."""
        connection, self._http = self._http, None
        if connection is not None:
            connection.close()

    def execute(self, document: str, variables: str = "{}") -> Dict[str, Any]:
        """Runs a document with variables given as JSON text. Returns `data`; raises Unreachable, Refused, ServerFault."""
        body = '{"query":%s,"variables":%s}' % (json.dumps(document), variables)
        if len(body) > _LARGEST_REQUEST:
            sentence = f"the request takes {len(body)} bytes; the server takes {_LARGEST_REQUEST}"
            raise Refused(sentence, "LIMIT_EXCEEDED")
        response = self.post(self.address.path, body.encode("ascii"), JSON_TYPE)
        try:
            text = self._read(response)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(self._trouble(error)) from None
        if response.will_close:
            self.close()
        return self._answer(response, text)

    def post(self, path: str, body: bytes, accept: str) -> http.client.HTTPResponse:
        """Sends a request and returns the response, unread. Raises Unreachable."""
        headers = {
            "content-type": JSON_TYPE,
            "accept": accept,
            "user-agent": f"epochgraph-python/{VERSION}",
            **self._proxy_headers,
        }
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        fresh = self._http is None
        while True:
            try:
                connection = self._connect()
                target = self.address.url.split("/", 3)[0] + "//" + self._authority() + path if self._absolute else path
                connection.request("POST", target, body, headers)
                return connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                # A server closes a connection that was idle; the request goes out once more on a new one.
                stale = isinstance(error, (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError))
                if fresh or not stale:
                    raise Unreachable(self._trouble(error)) from None
                fresh = True

    def _connect(self) -> http.client.HTTPConnection:
        if self._http is not None:
            return self._http
        address = self.address
        proxy = None if urllib.request.proxy_bypass(address.host) else _proxy_for(address)
        host, port = (proxy.hostname or "", proxy.port or 80) if proxy else (address.host, address.port)
        authorization = _proxy_authorization(proxy) if proxy else {}
        self._absolute = proxy is not None and not address.secure
        self._proxy_headers = authorization if self._absolute else {}
        if address.secure:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=self.timeout, context=ssl.create_default_context()
            )
            if proxy:
                connection.set_tunnel(address.host, address.port, authorization)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self.timeout)
        connection.connect()
        if connection.sock is not None:
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._http = connection
        return connection

    def _authority(self) -> str:
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        return f"{host}:{self.address.port}"

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        deadline = time.monotonic() + self.timeout
        parts: List[bytes] = []
        size = 0
        while True:
            part = response.read1(1 << 16)
            if not part:
                if response.length:
                    raise http.client.IncompleteRead(b"", response.length)
                # Marks the response as read, which read1 alone does not; only then is the connection good for another.
                response.read()
                return b"".join(parts)
            size += len(part)
            parts.append(part)
            if size > _LARGEST_ANSWER:
                raise OSError("the answer is larger than this client takes")
            if time.monotonic() > deadline:
                raise socket.timeout("the answer took too long")

    def _trouble(self, error: Exception) -> str:
        if isinstance(error, socket.timeout):
            return f"{self.address.url} did not answer within {self.timeout:g} s"
        return f"{self.address.url} can't be reached: {error or type(error).__name__}"

    def _answer(self, response: http.client.HTTPResponse, text: bytes) -> Dict[str, Any]:
        status = response.status
        retry_after = _retry_after(response.getheader("retry-after"))
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if isinstance(errors, list) and errors:
            raise error_of(errors, self.address.url, retry_after)
        if status == 413:
            raise Refused(f"{self.address.url} answered that the request is too large", "LIMIT_EXCEEDED")
        if status == 200 and isinstance(answer, dict) and isinstance(answer.get("data"), dict):
            data: Dict[str, Any] = answer["data"]
            return data
        if status in (408, 429) or status >= 500:
            raise Unreachable(f"{self.address.url} answered with HTTP status {status}", retry_after)
        if status in (301, 302, 307, 308):
            place = response.getheader("location") or "another address"
            raise Unreachable(f"{self.address.url} redirects to {place}; give that address instead", retry_after)
        raise Unreachable(f"what answers at {self.address.url} is no Epochgraph server (HTTP status {status})", retry_after)


def error_of(errors: List[Any], url: str, retry_after: Optional[float] = None) -> EpochgraphError:
    """The exception that a list of GraphQL errors stands for."""
    first: Mapping[str, Any] = next((error for error in errors if isinstance(error, Mapping)), {})
    extensions = first.get("extensions")
    extensions = extensions if isinstance(extensions, Mapping) else {}
    code = str(extensions.get("code", "no code"))
    message = str(first.get("message", "no message"))
    argument = extensions.get("argument")
    if code in PERMANENT_CODES or code == "RESYNC_REQUIRED":
        return Refused(message, code, argument if isinstance(argument, str) else None)
    if code in _PASSING_CODES:
        return Unreachable(f"{url} answered: {message} ({code})", retry_after)
    return ServerFault(f"{message} ({code})")


def _proxy_for(address: Address) -> Optional[urllib.parse.SplitResult]:
    proxy = urllib.request.getproxies().get("https" if address.secure else "http")
    if not proxy or address.host in ("127.0.0.1", "localhost", "::1"):
        return None
    parts = urllib.parse.urlsplit(proxy if "//" in proxy else f"http://{proxy}")
    return parts if parts.hostname else None


def _proxy_authorization(proxy: urllib.parse.SplitResult) -> Dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{urllib.parse.unquote(proxy.username)}:{urllib.parse.unquote(proxy.password or '')}"
    return {"proxy-authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _retry_after(header: Optional[str]) -> Optional[float]:
    """The seconds of a Retry-After header, which holds seconds or a date; at most five minutes are believed."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER) if seconds == seconds else None
