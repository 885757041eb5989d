"""What MoinMoin 2.0 does for its signal's handlers, with blinker and Flask as it has
them: its storage, its users and its configuration are left out.

    python3 wiki20.py WIKICONFIG

WIKICONFIG is a wikiconfig.py. Standard input has the signals, JSON objects a line; "ok"
on standard output says that the handlers have returned."""

import io
import json
import logging
import sys
import types

from blinker import Namespace
from flask import Flask, current_app, g

logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
signalling = types.ModuleType("moin.signalling")
signalling.item_modified = Namespace().signal("item_modified")
sys.modules["moin"] = types.ModuleType("moin")
sys.modules["moin.signalling"] = signalling


class Meta(dict):
    """Metadata whose length is 0, as Moin's is."""

    def __len__(self):
        return 0


class Item:
    def __init__(self, itemid):
        self.itemid = itemid

    def allows(self, right, names):
        return (right, names) == ("read", ["anonymous"]) and not self.itemid.startswith("private")


app = Flask("moin")
app.config.from_pyfile(sys.argv[1])
app.cfg = app.config["MOINCFG"]()
for line in sys.stdin:
    said = json.loads(line)
    for key in ("meta", "new_meta"):
        if said.get(key) is not None:
            said[key] = Meta(said[key])
    if "new_data" in said:
        said["new_data"] = io.BytesIO(b"")
    user = said.pop("user", None)
    with app.app_context():
        g.storage = types.SimpleNamespace(get_item=lambda itemid: Item(itemid))
        g.user = types.SimpleNamespace(valid=bool(user), itemid=user, name0="Ann")
        signalling.item_modified.send(current_app, **said)
    print("ok", flush=True)
