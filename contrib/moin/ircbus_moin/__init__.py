# -*- coding: utf-8 -*-
"""The way of a wiki's events to an ircbus: a spool on the disk, and a thread that
sends what is in it. The plugins for MoinMoin 1.9 and 2.0 use it. It needs Python 2.7.9
or 3 on Unix, and nothing else. docs/doors/moin.md says how it is installed."""
from .sender import Sender

_senders = {}  # by settings


def publish(cfg, event):
    """Publishes an event with the settings of a wiki's configuration. It is in the
    spool when this returns. The exception says why it is not."""
    settings = tuple(getattr(cfg, name, None) for name in ("ircbus_url", "ircbus_token_file", "ircbus_spool", "ircbus_channel"))
    if not all(settings[:3]):
        raise ValueError("the wiki's configuration must have ircbus_url, ircbus_token_file and ircbus_spool")
    if settings not in _senders:
        _senders[settings] = Sender(*settings)
    _senders[settings].publish(event)
