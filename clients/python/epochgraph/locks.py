"""Locks on files that end with the process that holds them, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from typing import Optional, Set, Tuple

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# POSIX drops all of a process's locks on a file when it closes any descriptor of that file, so a file that this process
# holds must never be opened by it again, under whatever name. Files by device and number.
_held: Set[Tuple[int, int]] = set()

_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class Unsupported(OSError):
    """The file system has no locks."""


class FileLock:
    """An exclusive lock on the file at `path`, held until `release` or the end of the process (not of its forks)."""

    def __init__(self, path: str, descriptor: int, identity: Tuple[int, int]) -> None:
        self.path = path
        self._descriptor: Optional[int] = descriptor
        self._identity = identity

    def release(self, remove: bool = False) -> None:
        """Gives the lock up; with `remove`, the file goes first, so that nobody takes a lock on what is gone."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        _held.discard(self._identity)
        try:
            if remove and sys.platform != "win32":
                os.unlink(self.path)
        except OSError:
            pass
        os.close(descriptor)
        try:
            if remove and sys.platform == "win32":
                os.unlink(self.path)
        except OSError:
            pass

    def forget(self) -> None:
        """Closes a forked child's copy. The lock stays its parent's."""
        descriptor, self._descriptor = self._descriptor, None
        _held.discard(self._identity)
        if descriptor is not None:
            os.close(descriptor)


def take(path: str, create: bool) -> Optional[FileLock]:
    """Locks the file at `path` without waiting; None where another holder, this process included, has it.

    With `create`, the file is made and must not be there before. Raises OSError where it can't be opened, and
    Unsupported where the file system has no locks.
    """
    try:
        if _identity(os.stat(path)) in _held:
            return None
    except FileNotFoundError:
        pass
    flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        _lock(descriptor)
        identity = _identity(os.fstat(descriptor))
        # Whoever held it until now may have removed the file: a lock on that is a lock on nothing.
        if _identity(os.stat(path)) != identity:
            raise FileNotFoundError(errno.ENOENT, "removed meanwhile", path)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _TAKEN:
            return None
        if error.errno in (errno.ENOLCK, errno.EINVAL, getattr(errno, "ENOTSUP", errno.EINVAL)):
            raise Unsupported(error.errno, f"no locks on files here: {path}") from None
        raise
    _held.add(identity)
    return FileLock(path, descriptor, identity)


def _identity(status: os.stat_result) -> Tuple[int, int]:
    return (status.st_dev, status.st_ino)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        # Far behind the content, for a locked range can't be read by others.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
