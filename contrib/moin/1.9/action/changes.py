# -*- coding: utf-8 -*-
"""The action "changes" of a MoinMoin 1.9 wiki: ?action=changes&from=TIME&to=TIME leads
to the same question at the ircbus on which the wiki publishes. docs/doors/moin.md says
how it is installed, docs/protocol.md what can be asked."""

try:
    from urllib.parse import quote
except ImportError:  # Python 2
    from urllib import quote

# What has a meaning in a query, and what is escaped already.
RESERVED = "%&=+/?:@!$'()*,;~"


def execute(pagename, request):
    """What Moin calls. The page does not matter: the question is about the wiki."""
    cfg = request.cfg
    bus = getattr(cfg, "ircbus_public_url", None) or getattr(cfg, "ircbus_url", None)
    if not bus:
        request.makeForbidden(404, "This wiki has no bus: ircbus_public_url is not set.")
    request.http_redirect(str(bus.rstrip("/")) + "/?" + question(cfg, request.query_string))


def question(cfg, query):
    """The query of a request, as it is, with the wiki's channel if it names none."""
    query = quote(query, safe=RESERVED)  # a browser may send letters as they are
    parts = [part for part in query.split("&") if part and not part.startswith("action=")]
    channel = getattr(cfg, "ircbus_channel", None)
    if channel and not any(part.startswith("channel=") for part in parts):
        parts.append("channel=" + quote(channel.encode("utf-8")))
    return "&".join(["action=changes"] + parts)
