# -*- coding: utf-8 -*-
"""An event as the bus takes it: fields in order, written as a query string."""
import re
import time

# How long a value may be, in characters. Longer ones are shortened, and the field
# "cut" names them.
MAX_VALUE = 2000


def text(value):
    """Text of bytes, which are UTF-8 or else Latin-1, or of anything else."""
    if not isinstance(value, bytes):
        return u"%s" % (value,)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def timestamp(microseconds):
    """A time since 1970 as the bus writes it."""
    seconds, rest = divmod(int(microseconds), 1000000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%06dZ" % rest


_ESCAPED = re.compile(u"[\x00-\x1f\x7f%&+#;]")


def escape(value):
    """A value as it stands in a query string of the bus, in bytes."""
    value = _ESCAPED.sub(lambda found: u"%%%02X" % ord(found.group()), value)
    return value.replace(u" ", u"+").encode("utf-8", "replace")


class Event(object):
    """The fields of an event."""

    def __init__(self):
        self.fields = []
        self.cut = []

    def add(self, key, value):
        """Adds a field, unless its value is empty."""
        value = text(value) if value is not None else u""
        if len(value) > MAX_VALUE:
            value = value[:MAX_VALUE] + u"\u2026"
            self.cut.append(key)
        if value:
            self.fields.append((key, value))

    def encode(self):
        """The event as a query string, in bytes."""
        fields = self.fields[:]
        if self.cut:
            fields.append(("cut", text(",".join(self.cut))))
        return b"&".join(key.encode("ascii") + b"=" + escape(value) for key, value in fields)
