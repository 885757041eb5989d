# -*- coding: utf-8 -*-
"""Events of MoinMoin 2.0: importing this module connects to its signal item_modified.

Nothing that goes wrong here reaches the wiki, which would stop in the middle of a
save: it is logged."""
import logging
import time

from blinker import ANY
from flask import g
from moin.signalling import item_modified

from . import publish
from .event import Event, timestamp

log = logging.getLogger("ircbus")

# What Moin 2.0 calls otherwise than 1.9 and the bus's vocabulary. SAVE is SAVENEW if
# there was nothing before.
ACTIONS = {"REVERT": "SAVE/REVERT", "RENAME": "SAVE/RENAME", "TRASH": "SAVE/DELETE", "COPY": "SAVE/COPY", "CONVERT": "SAVE/CONVERT"}

# What is told with no new revision.
DESTROYED = ("DESTROY_REV", "DESTROY_ALL")


@item_modified.connect_via(ANY)
def modified(app, fqname=None, action="", meta=None, new_data=None, new_meta=None, **others):
    """What Moin calls for each change. new_data is there if a revision was stored: Moin
    tells of a deletion and of an upload a second time, without it."""
    try:
        action = str(action)
        if new_data is None and action not in DESTROYED:
            return
        item = meta if new_meta is None else new_meta
        if not getattr(app.cfg, "ircbus_private", False) and not is_public(item):
            return
        made = Event()
        made.add("wiki", getattr(app.cfg, "ircbus_wiki", None) or app.cfg.interwikiname)
        if action in DESTROYED:
            destroyed(made, item, action)
        else:
            stored(made, item, meta, action)
        publish(app.cfg, made)
    except Exception:
        log.exception("the bus is not told of a change")


def is_public(item):
    """Whether somebody who is not logged in may read the item."""
    return g.storage.get_item(itemid=item["itemid"]).allows("read", ["anonymous"])


def stored(made, item, before, action):
    """Adds the fields of a new revision of an item."""
    rev = item.get("rev_number") or 0
    names = item.get("name") or item.get("name_old") or []  # a deleted one has no name
    old = {} if before is None else before  # its length is always 0
    left = [name for name in old.get("name") or [] if name not in names]
    made.add("page", full_name(item, names))
    made.add("action", "SAVENEW" if action == "SAVE" and before is None else ACTIONS.get(action, action))
    made.add("user", user_name(item.get("userid")) or item.get("hostname") or item.get("address"))
    made.add("time", timestamp(item["mtime"] * 1000000))
    made.add("comment", item.get("comment"))
    made.add("rev", rev or None)
    made.add("oldrev", rev - 1 if rev > 1 else None)
    made.add("size", item.get("size"))
    made.add("oldsize", old.get("size"))
    made.add("ns", item.get("namespace"))
    made.add("old_name", full_name(item, left))
    made.add("key", item["revid"])
    add_rest(made, item, names)


def destroyed(made, item, action):
    """Adds the fields of an item that is destroyed, or of the revision that is. Moin
    has no comment on that."""
    names = item.get("name") or item.get("name_old") or []
    made.add("page", full_name(item, names))
    made.add("action", action)
    made.add("user", user_name(None))
    made.add("time", timestamp(time.time() * 1000000))
    made.add("rev", item.get("rev_number") if action == "DESTROY_REV" else None)
    made.add("ns", item.get("namespace"))
    made.add("key", "%s %s" % (action, item["revid"]))
    add_rest(made, item, names)


def add_rest(made, item, names):
    """Adds what has no place in the bus's vocabulary, under Moin's own names."""
    for name in names[1:]:  # an item may have several
        made.add("name", full_name(item, [name]))
    for key in ("itemid", "revid", "parentid", "contenttype", "userid"):
        made.add(key, item.get(key))
    if item.get("userid") is None:
        made.add("addr", item.get("address"))


def full_name(item, names):
    """The first of names, with the namespace before it as in an address."""
    if not names:
        return None
    return "/".join(part for part in (item.get("namespace"), names[0]) if part)


def user_name(userid):
    """The name of who is logged in, if he has that id or none is given."""
    user = getattr(g, "user", None)
    if user is None or not user.valid or userid not in (None, user.itemid):
        return None
    return user.name0
