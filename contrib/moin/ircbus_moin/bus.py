# -*- coding: utf-8 -*-
"""The bus as those see it who post events to it."""
import json
import os
import re
import stat

try:
    from http.client import HTTPConnection, HTTPException, HTTPSConnection
    from urllib.parse import quote, urlsplit
except ImportError:  # Python 2
    from httplib import HTTPConnection, HTTPException, HTTPSConnection
    from urllib import quote
    from urlparse import urlsplit

from .event import text
from .spool import Refused

# How long, in seconds, the bus may say nothing.
TIMEOUT = 5


class Away(Exception):
    """The bus cannot be had at present. The text says why."""


class Bus(object):
    def __init__(self, url, token_file, channel=None):
        self.url, self.token_file = url, token_file
        self.path = "/events"
        if channel:
            self.path += "?channel=" + quote(text(channel).encode("utf-8"))
        self.connection = None

    def post(self, line):
        """Returns when the bus has the event on its disk."""
        if self.connection is None:
            self._connect()
        try:
            self.connection.request("POST", self.base + self.path, line, self.headers)
            response = self.connection.getresponse()
            status, answer = response.status, response.read()
        except (HTTPException, EnvironmentError) as error:
            self.close()
            raise Away("%s does not answer: %s" % (self.url, error or type(error).__name__))
        said = _parse(answer)
        if said.get("code") in ("INVALID_EVENT", "EVENT_TOO_LARGE"):
            raise Refused(text(said.get("detail")))
        if status != 201 or "events" not in said:
            raise Away("%s answers %d: %s" % (self.url, status, text(said.get("detail") or answer[:200])))

    def _connect(self):
        self.headers = {
            "Authorization": "Bearer " + read_token(self.token_file),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self.connection, self.base = connect(self.url)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def connect(url):
    """A connection to the bus at an address, and the begin of paths there."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise Away("%r is not the base address of a bus, such as https://bus.example.org" % url)
    # In Python 2 one unicode string here would make all of a request one.
    host, base = str(parts.hostname), str(parts.path.rstrip("/"))
    if parts.scheme == "http":
        if not is_this_machine(host):
            raise Away("%s is another machine's: only https keeps the token secret on the way there" % url)
        return HTTPConnection(host, parts.port, timeout=TIMEOUT), base
    import ssl

    context = ssl.create_default_context()  # which checks the certificate; Python 2.7.8 has none
    return HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=context), base


def is_this_machine(host):
    """Whether a host's name or address always means this machine."""
    host = host.lower().rstrip(".")
    return host in ("localhost", "::1") or re.match(r"127(\.\d{1,3}){3}$", host) is not None


def read_token(path):
    """The first line of a file that nobody else may read."""
    with open(path, "rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise Away("%s may be read by others than its owner: chmod 600 it" % path)
        token = file.readline(4096).strip().decode("ascii", "replace")
    if not token:
        raise Away("%s begins with an empty line: the first line must be the token" % path)
    return str(token)


def _parse(answer):
    """The JSON object of an answer; an empty one if it has none."""
    try:
        said = json.loads(answer.decode("utf-8"))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
