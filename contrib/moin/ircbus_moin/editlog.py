# -*- coding: utf-8 -*-
"""The log of changes of MoinMoin 1.9, data/edit-log. publisher/moin reads it in the same
way."""
import binascii
import hashlib
import os
import re

from .event import escape

# The revision that it gives to attachments, which have none.
NO_REV = 99999999

# How much of its end is searched, in bytes: some hundred changes.
CHUNK = 64 << 10


def newest(path):
    """The last lines of an edit-log, the newest first."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - CHUNK))
        lines = file.read().split(b"\n")
    if size > CHUNK:
        del lines[0]  # its begin is missing
    for line in reversed(lines[:-1]):
        try:
            yield Line(line)
        except ValueError:
            continue


class Line(object):
    """A line of an edit-log. It raises ValueError if it is none."""

    def __init__(self, line):
        fields = line.decode("utf-8", "replace").strip().split(u"\t", 8)
        if len(fields) < 4:
            raise ValueError("not a line")
        fields += [u""] * (9 - len(fields))
        self.id = fields[:4]
        self.time, self.rev, self.action, self.page = int(fields[0]), int(fields[1]), fields[2], unquote(fields[3])
        self.addr, self.host, self.userid, self.extra, self.comment = fields[4:]

    def key(self):
        """The key that the bus gives to the line."""
        key = u" ".join(self.id)
        if len(escape(key)) < 64 and key.count(u" ") == 3:
            return key
        parts = [part.encode("utf-8") for part in self.id]
        joined = b"".join(str(len(part)).encode("ascii") + b":" + part + b"," for part in parts)
        return hashlib.sha256(joined).hexdigest()[:40]


def unquote(name):
    """A page's name of that of its directory: in parentheses are bytes in hexadecimal."""
    return _decode(re.sub(u"\\(([0-9a-f]*)\\)", lambda found: _bytes(found.group(1)), name))


def unescape(name):
    """A file's name of how it stands in the log: as in an address."""
    try:
        return _decode(re.sub(u"%([0-9A-Fa-f]{2})", lambda found: _bytes(found.group(1)), name))
    except UnicodeEncodeError:
        return name


def _bytes(digits):
    """Bytes in hexadecimal as characters of Latin-1."""
    try:
        return binascii.unhexlify(digits.encode("ascii")).decode("latin-1")
    except (TypeError, binascii.Error) as error:  # Python 2 and 3
        raise ValueError(error)


def _decode(name):
    return name.encode("latin-1").decode("utf-8", "replace")
