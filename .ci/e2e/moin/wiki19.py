"""What MoinMoin 1.9 does for its plugins, for want of a Python 2 that could run it:

    python3 wiki19.py DATA_DIR SETTINGS

SETTINGS are lines for wikiconfig.py. Standard input has the changes, JSON objects a
line: each is written to data/edit-log as Moin does, then the plugins are told. "ok" on
standard output says that they have returned. An object with a query is a request of the
action "changes", and its answer the address that it leads to."""

import importlib.util
import json
import logging
import os
import re
import sys
import time
import types

data, settings = sys.argv[1:]
logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")


class Config:
    data_dir = data
    interwikiname = None
    sitename = "A wiki"
    exec(open(settings).read())


class User:
    """MoinMoin.user.User, of whom only who is not logged in is needed."""

    def __init__(self, request, id="", name=""):
        self.id, self.name, self.valid, self.may = id, name, bool(id), self

    def read(self, page):
        return not page.startswith("Private")


class Redirect(Exception):
    pass


class Request:
    """The attributes of a request that the plugins use."""

    cfg, page = Config, None

    def __init__(self, user="", query=""):
        self.user, self.query_string = User(self, user and "1795663034.99.27964", user), query

    def http_redirect(self, url):
        raise Redirect(url)


def plugin(kind, name):
    """A plugin, which in Python 2 finds what lies beside it."""
    sys.path.insert(0, os.path.join(data, "plugin", kind))
    spec = importlib.util.spec_from_file_location(kind, os.path.join(sys.path[0], name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def quoted(page):
    return re.sub(rb"[^a-zA-Z0-9_]+", lambda run: b"(" + run.group().hex().encode() + b")", page.encode()).decode()


def change(event, page, action, user="", rev=99999999, extra="", comment="", **attributes):
    request = Request(user)
    line = [str(time.time_ns() // 1000), "%08d" % rev, action, quoted(page), "192.0.2.1", "192.0.2.1", request.user.id, extra, comment]
    with open(os.path.join(data, "edit-log"), "a") as log:
        log.write("\t".join(line) + "\n")
    if event.startswith("File") or event == "PageRevertedEvent":
        attributes["pagename"] = page
    else:
        attributes["page"] = types.SimpleNamespace(page_name=page, do_revision_backup=1)
    events.handle(types.SimpleNamespace(name=event, request=request, comment=comment, **attributes))
    return "ok"


def ask(query):
    try:
        plugin("action", "changes").execute("FrontPage", Request(query=query))
    except Redirect as to:
        return str(to)


sys.modules["MoinMoin"] = types.ModuleType("MoinMoin")
sys.modules["MoinMoin.user"] = types.ModuleType("MoinMoin.user")
sys.modules["MoinMoin.user"].User = User
events = plugin("events", "ircbus")
for line in sys.stdin:
    said = json.loads(line)
    print(ask(**said) if "query" in said else change(**said), flush=True)
