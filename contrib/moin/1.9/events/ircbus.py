# -*- coding: utf-8 -*-
"""Tells an ircbus of each change of a MoinMoin 1.9 wiki: a plugin for its events.
docs/doors/moin.md says how it is installed.

Nothing that goes wrong here reaches the wiki, which would stop in the middle of a
save: it is logged."""
import logging


def handle(event):
    """What Moin calls for each event."""
    try:
        # Not at the top: a plugin that cannot be imported would break every save.
        from ircbus_moin import moin19

        moin19.tell(event)
    except Exception:
        logging.getLogger("ircbus").exception("the bus is not told of a change")
