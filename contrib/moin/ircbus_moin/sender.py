# -*- coding: utf-8 -*-
"""The thread that sends what is in the spool."""
import logging
import threading

from .bus import Bus
from .event import text
from .spool import Spool

log = logging.getLogger("ircbus")

# How long, in seconds, the thread waits at most before it tries again.
MAX_DELAY = 60


class Sender(object):
    """Publishes events. Only the disk is waited for, never the bus.

    There is a thread as long as something waits. What a process leaves when it ends
    is sent with the next event, or by cron."""

    def __init__(self, url, token_file, spool, channel=None):
        self.spool = Spool(spool)
        self.bus = Bus(url, token_file, channel)
        self.lock = threading.Lock()
        self.wanted = threading.Event()
        self.thread = None
        self.told = None  # the last failure

    def publish(self, event):
        line = event.encode()
        try:
            self.spool.keep(line)
        except Exception:
            log.error("an event is lost: %s", text(line))
            raise
        finally:
            self._wake()  # there may be no room for it because of what waits

    def _wake(self):
        with self.lock:
            self.wanted.set()
            if self.thread is None or not self.thread.is_alive():  # there is none after a fork
                self.thread = threading.Thread(target=self._run, name="ircbus")
                self.thread.daemon = True
                self.thread.start()

    def _run(self):
        delay = 1
        while True:
            self.wanted.clear()
            try:
                self.spool.send(self.bus)
            except Exception as error:
                self._tell(error)
                self.wanted.wait(delay)
                delay = min(2 * delay, MAX_DELAY)
                continue
            self._tell(None)
            delay = 1
            with self.lock:
                if not self.wanted.is_set():
                    self.thread = None
                    return

    def _tell(self, error):
        """Logs a failure, once until another comes, and its end."""
        why = None if error is None else text(error)
        if why == self.told:
            return
        self.told = why
        if why is None:
            log.info("the spool %s is sent", self.spool.directory)
        else:
            log.warning("the spool %s keeps its events: %s", self.spool.directory, why)
