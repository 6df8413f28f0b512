"""Subscriptions over Server-Sent Events, followed through lost connections.

The protocol is graphql-sse's "distinct connections mode": the operation is POSTed with `Accept: text/event-stream`, and
comes back as `next` events, each an execution result, and a `complete` event at the end.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import time
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from .errors import Refused, ServerFault, Unreachable
from .records import json_text
from .transport import Address, Connection, error_of

EVENT_STREAM = "text/event-stream"

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0
_LONGEST_LINE = 64 << 20


class Subscription(NamedTuple):
    """A subscription of one field that gives events with a `cursor`; its document takes `$after` beside `variables`.

    `afterEpoch` among the variables is left out where the subscription is continued.
    """

    document: str
    field: str
    variables: Mapping[str, Any]


def sse_events(response: http.client.HTTPResponse) -> Iterator[Tuple[str, str]]:
    """The (event, data) pairs of an event stream, until it ends."""
    event = "message"
    data: List[str] = []
    while True:
        raw = response.readline(_LONGEST_LINE)
        if not raw:
            return
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if data or event != "message":
                yield event, "\n".join(data)
            event, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)


def follow(
    address: Address,
    token: Optional[str],
    subscription: Subscription,
    on_resync: Callable[[], None] = lambda: None,
    on_lost: Callable[[str], None] = lambda reason: None,
    silence: float = 60.0,
) -> Iterator[Dict[str, Any]]:
    """The events of a subscription, without end. After a lost connection it goes on behind the last event; where the
    server can't do that, it begins anew after `on_resync`. `on_lost` hears once of each outage. A connection on which
    not even a sign of life comes for `silence` seconds counts as lost.

    Raises Refused for what trying again would not mend, such as NOT_FOUND.
    """
    cursor: Optional[str] = None
    failures = 0
    while True:
        connection = Connection(address, token, silence)
        try:
            for event in _one_life(connection, subscription, cursor):
                failures = 0
                cursor = event.get("cursor", cursor)
                yield event
            trouble = "the server ended the stream"
        except Refused as error:
            if error.code != "RESYNC_REQUIRED":
                raise
            cursor = None
            on_resync()
            trouble = ""
        except (Unreachable, ServerFault) as error:
            trouble = str(error)
        except (OSError, http.client.HTTPException) as error:
            silent = isinstance(error, socket.timeout)
            trouble = f"nothing came for {silence:g} s" if silent else f"the connection was lost: {error}"
        finally:
            connection.close()
        if trouble and failures == 0:
            on_lost(trouble)
        time.sleep(min(_FIRST_PAUSE * 2 ** min(failures, 10), _LONGEST_PAUSE) * random.uniform(0.5, 1.0))
        failures += 1


def _one_life(connection: Connection, subscription: Subscription, cursor: Optional[str]) -> Iterator[Dict[str, Any]]:
    document, field, variables = subscription
    given = dict(variables)
    if cursor is not None:
        given.pop("afterEpoch", None)
        given["after"] = cursor
    body = '{"query":%s,"variables":%s}' % (json.dumps(document), json_text(given))
    address = connection.address
    response = connection.post(address.stream_path(), body.encode("ascii"), EVENT_STREAM)
    kind = (response.getheader("content-type") or "").split(";")[0].strip().lower()
    if kind != EVENT_STREAM:
        raise _not_a_stream(response, address.url)
    for event, data in sse_events(response):
        if event == "complete":
            return
        if event != "next":
            continue
        result = json.loads(data)
        if result.get("errors"):
            raise error_of(result["errors"], address.url)
        payload = (result.get("data") or {}).get(field)
        if payload:
            yield payload


def _not_a_stream(response: http.client.HTTPResponse, url: str) -> Exception:
    text = response.read(1 << 20)
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    errors = answer.get("errors") if isinstance(answer, dict) else answer if isinstance(answer, list) else None
    if errors:
        return error_of(errors, url)
    return Unreachable(f"{url} serves no event stream (HTTP status {response.status})")
