# -*- coding: utf-8 -*-
"""Sends what waits in a spool, once: for cron."""
import argparse
import sys

from .bus import Bus
from .spool import Spool


def main():
    parser = argparse.ArgumentParser(prog="python -m ircbus_moin", description=__doc__)
    parser.add_argument("--server", "--url", dest="url", required=True, help="the bus's base address")
    parser.add_argument("--token-file", required=True, help="file with the publisher's token, readable by its owner alone")
    parser.add_argument("--spool", required=True, help="the directory")
    parser.add_argument("--channel", help="channel to publish in (default: the account's own)")
    flags = parser.parse_args()
    spool = Spool(flags.spool)
    try:
        spool.send(Bus(flags.url, flags.token_file, flags.channel))
    except Exception as error:
        sys.exit("the spool %s keeps %d events: %s" % (flags.spool, len(spool.waiting()), error))


if __name__ == "__main__":
    main()
