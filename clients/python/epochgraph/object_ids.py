"""Ids that the client makes, so that a record has its id before any server knows of it."""

from __future__ import annotations

import os
import re
import time

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")


def new_object_id() -> str:
    """A new ObjectId as 24 hexadecimal digits: seconds since 1970, then 8 random bytes (so that a fork repeats none)."""
    return (int(time.time()) & 0xFFFFFFFF).to_bytes(4, "big").hex() + os.urandom(8).hex()


def as_object_id(value: object) -> str:
    """The id in the form that the API knows it, from text or from anything whose text it is, such as PyMongo's ObjectId.

    Raises ValueError for anything else.
    """
    text = str(value)
    if not _OBJECT_ID.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is no experiment id; ids are 24 hexadecimal digits")
    return text.lower()
