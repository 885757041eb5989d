# -*- coding: utf-8 -*-
"""A directory in which events wait for the bus. It is laid out as the spool of
"ircbus hook", so that "ircbus hook flush" can send it, too:

    new/TIME-RANDOM   an event, a query string
    tmp/              those that are being written
    refused           events that the bus refused for good, with the reason
    lock              locked by the process that sends

Only their owner may read the files. Each event has a key, so one that is sent twice
is one event."""
import binascii
import errno
import fcntl
import logging
import os
import time

from .event import text, timestamp

log = logging.getLogger("ircbus")

# How many events may wait. The bus takes none of more than 16 KiB.
LIMIT = 10000

# How large the file of refused events may grow, in bytes.
MAX_REFUSED = 16 << 20


class Full(Exception):
    """There is no room in the spool. The text says so."""


class Refused(Exception):
    """The bus does not take an event, now or later. The text says why."""


class Spool(object):
    def __init__(self, directory, limit=LIMIT):
        self.directory, self.limit = directory, limit

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def keep(self, line):
        """Puts an event behind all others. It is on the disk when this returns."""
        for name in ("", "new", "tmp"):
            if not os.path.isdir(self.path(name)):
                _make(self.path(name))
        if len(os.listdir(self.path("new"))) >= self.limit:
            raise Full("the spool %s is full: %d events wait in it for the bus" % (self.directory, self.limit))
        name = "%020d-%s" % (time.time() * 1e9, binascii.hexlify(os.urandom(13)).decode("ascii"))
        draft = self.path("tmp", name)
        try:
            _write(draft, os.O_EXCL, line + b"\n")
            os.rename(draft, self.path("new", name))
        except EnvironmentError:
            _remove(draft)
            raise
        directory = os.open(self.path("new"), os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def waiting(self):
        """The names of the files in new, the oldest first."""
        try:
            return sorted(os.listdir(self.path("new")))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            return []

    def send(self, bus):
        """Sends what waits. If another process is doing that, it does it for this
        one, too: after its last event it looks once more, without the lock."""
        while self.waiting():
            lock = os.open(self.path("lock"), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if not _lock(lock):
                    return
                self._send_all(bus)
            finally:
                os.close(lock)
                bus.close()

    def _send_all(self, bus):
        for name in self.waiting():
            path = self.path("new", name)
            with open(path, "rb") as file:
                lines = file.read().splitlines()
            for line in lines:
                try:
                    bus.post(line)
                except Refused as why:
                    self._set_aside(line, text(why))
            _remove(path)

    def _set_aside(self, line, why):
        """Keeps an event that the bus does not take, so that the others go on."""
        log.error("the bus does not take %s: %s", text(line), why)
        path = self.path("refused")
        if not os.path.exists(path) or os.path.getsize(path) < MAX_REFUSED:
            heading = u"# %s %s\n" % (timestamp(time.time() * 1e6), u" ".join(why.split()))
            _write(path, os.O_APPEND, heading.encode("utf-8") + line + b"\n")


def _make(path):
    try:
        os.makedirs(path, 0o700)
    except OSError as error:
        if error.errno != errno.EEXIST:  # another process was faster
            raise


def _write(path, flag, content):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(path):
    try:
        os.unlink(path)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise


def _lock(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except EnvironmentError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        return False
