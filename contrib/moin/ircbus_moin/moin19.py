# -*- coding: utf-8 -*-
"""Events of MoinMoin 1.9.

An event has the fields, and the key, that the bus makes of the line of data/edit-log
when it reads that itself, so that with both there is still one event of a change. What
the log does not know is added: deletions, trivial changes, sizes of files."""
import os

from . import publish
from .editlog import NO_REV, newest, unescape
from .event import Event, timestamp

# The actions in the edit-log that an event of Moin's stands for: how they begin.
ACTIONS = {
    "PageChangedEvent": "SAVE",
    "TrivialPageChangedEvent": "SAVE",
    "PageRenamedEvent": "SAVE/RENAME",
    "PageDeletedEvent": "SAVE",
    "PageCopiedEvent": "SAVENEW",
    "PageRevertedEvent": "SAVE/REVERT",
    "FileAttachedEvent": "ATTNEW",
    "FileRemovedEvent": "ATTDEL",
}


def tell(event):
    """Publishes an event of Moin's, if it is one of a page that everybody may read. The
    exception says why it cannot."""
    if event.name not in ACTIONS:
        return
    if not getattr(getattr(event, "page", None), "do_revision_backup", True):
        return  # Moin does not log it, nor show it in RecentChanges
    cfg = event.request.cfg
    if not getattr(cfg, "ircbus_private", False) and not is_public(event):
        return
    line = find(event)
    if line is None:
        raise ValueError("there is no line of this %s at the end of the edit-log" % event.name)
    made = Event()
    made.add("wiki", getattr(cfg, "ircbus_wiki", None) or cfg.interwikiname or cfg.sitename)
    describe(made, event, line)
    publish(cfg, made)


def describe(made, event, line):
    """Adds the fields of a line, and what the event knows beyond it."""
    userid, name = user_of(event.request)
    made.add("page", line.page)
    made.add("action", "SAVE/DELETE" if event.name == "PageDeletedEvent" else line.action)
    made.add("user", userid and userid == line.userid and name or line.host or line.addr)
    made.add("time", timestamp(line.time))
    made.add("comment", line.comment)
    if line.rev not in (0, NO_REV):
        made.add("rev", line.rev)
        made.add("oldrev", line.rev - 1 or None)
    if event.name == "TrivialPageChangedEvent":
        made.add("minor", 1)
    if line.action == "SAVE/RENAME":
        made.add("old_name", line.extra)
    elif line.action.startswith("ATT"):
        made.add("attach_name", unescape(line.extra))
        made.add("attach_size", event.size)
    made.add("key", line.key())
    if line.action != "SAVE/RENAME" and not line.action.startswith("ATT"):
        made.add("extra", line.extra)
    made.add("userid", line.userid)
    made.add("addr", line.addr)
    made.add("hostname", line.host if line.host != line.addr else None)


def is_public(event):
    """Whether somebody who is not logged in may read the page."""
    from MoinMoin.user import User

    request = event.request
    kept, request.page = request.page, None  # it has the rights from before the save
    try:
        return User(request).may.read(page_of(event))
    finally:
        request.page = kept


def page_of(event):
    """The name of the page that an event is about."""
    return event.pagename if hasattr(event, "pagename") else event.page.page_name


def user_of(request):
    """Id and name of who is logged in."""
    if not request.user.valid:
        return u"", u""
    return request.user.id, request.user.name


def find(event):
    """The newest line of the edit-log that is about the event, or None. It is there
    already: Moin writes it before it tells of the event."""
    name, userid, another = page_of(event), user_of(event.request)[0], None
    for line in newest(os.path.join(event.request.cfg.data_dir, "edit-log")):
        if line.page != name or not line.action.startswith(ACTIONS[event.name]):
            continue
        if hasattr(event, "filename") and unescape(line.extra) != event.filename:
            continue
        if line.userid == userid:
            return line
        another = another or line  # Moin itself, say, which saves under a name of its own
    return another
