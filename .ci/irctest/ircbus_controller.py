"""Drives this server for irctest, the conformance suite for IRC servers.

.ci/irctest/run says how it is used. Everything that the suite may ask for is
switched on; what this server does not have is left for the suite to skip.
"""

import os
from pathlib import Path
import subprocess
from typing import Any, Optional, Type

from irctest import patma
from irctest.basecontrollers import BaseServerController, DirectoryBasedController
from irctest.runner import NotImplementedByController
from irctest.specifications import Capabilities, OptionalBehaviors

IRCBUS = os.environ.get("IRCBUS", "ircbus")

CONFIG = """
data = "data"
irc = "{address}"
http = "{web}"
name = "My.Little.Server"
network = "IrcbusTest"
password_file = "{password_file}"

[registration]
open = true
before_connect = {before_connect}
custom_names = true
min_password = 1
"""

CHAT = """
[chat]
channels = true
private = true
"""


class IrcbusController(BaseServerController, DirectoryBasedController):
    software_name = "ircbus"
    _port_wait_interval = 0.01
    supported_sasl_mechanisms = {"PLAIN", "SCRAM-SHA-256"}
    supports_sts = False

    capabilities = frozenset(
        (
            Capabilities.ACCOUNT_NOTIFY,
            Capabilities.ACCOUNT_TAG,
            Capabilities.AWAY_NOTIFY,
            Capabilities.BATCH,
            Capabilities.ECHO_MESSAGE,
            Capabilities.EXTENDED_JOIN,
            Capabilities.EXTENDED_MONITOR,
            Capabilities.LABELED_RESPONSE,
            Capabilities.MESSAGE_TAGS,
            Capabilities.MULTILINE,
            Capabilities.MESSAGE_REDACTION,
            Capabilities.MULTI_PREFIX,
            Capabilities.READ_MARKER,
            Capabilities.SERVER_TIME,
            Capabilities.SETNAME,
        ),
    )

    optional_behaviors = frozenset(
        (
            OptionalBehaviors.BAN_EXCEPTION_MODE,
            OptionalBehaviors.CAP_REQ_MINUS,
            OptionalBehaviors.ELIST_C,
            OptionalBehaviors.ELIST_M,
            OptionalBehaviors.ELIST_N,
            OptionalBehaviors.ELIST_T,
            OptionalBehaviors.ELIST_U,
            OptionalBehaviors.INVITE_EXCEPTION_MODE,
            OptionalBehaviors.INVITE_LIST,
            OptionalBehaviors.INVITE_OVERRIDES_LIMIT,
            OptionalBehaviors.MULTI_JOIN,
            OptionalBehaviors.MULTI_KICK,
            OptionalBehaviors.MULTI_NAMES_COMMAND,
            OptionalBehaviors.MULTI_PRIVMSG,
            OptionalBehaviors.NO_CTCP,
            OptionalBehaviors.SASL_AFTER_REGISTRATION,
            OptionalBehaviors.SASL_REAUTHENTICATION,
        )
    )

    isupport = {
        "ACCOUNTEXTBAN": "a,account",
        "BOT": "B",
        "CASEMAPPING": "ascii",
        "CHANMODES": "beI,k,l,Cimnst",
        "ELIST": "CMNTU",
        "EXCEPTS": "e",
        "EXTBAN": "~,am",
        "INVEX": "I",
        "MONITOR": "100",
        "PREFIX": "(ov)@+",
        "STATUSMSG": "@+",
        "UTF8ONLY": None,
        "WHOX": None,
    }

    extban_mute_char = "m"

    def run(
        self,
        hostname: str,
        port: int,
        *,
        password: Optional[str],
        ssl: bool,
        run_services: bool,
        faketime: Optional[str],
        websocket_hostname: Optional[str],
        websocket_port: Optional[int],
        config: Optional[Any] = None,
    ) -> None:
        if self.test_config.account_registration_requires_email:
            raise NotImplementedByController("e-mail addresses")
        assert self.proc is None
        self.port = port
        self.hostname = hostname
        self.create_config()
        assert self.directory
        web = f"127.0.0.1:{websocket_port}" if websocket_port else ""
        text = CONFIG.format(
            address=f"127.0.0.1:{port}",
            web=web,
            password_file=self.password_file(password),
            before_connect=str(
                self.test_config.account_registration_before_connect
            ).lower(),
        )
        if self.test_config.chathistory:
            text += CHAT
        if ssl:
            raise NotImplementedByController("TLS")
        with self.open_file("ircbus.toml", "w") as fd:
            fd.write(text)
        self.account("operuser", "operator", "operpassword")
        self._start()

    def _start(self) -> None:
        assert self.directory
        self.proc = self.execute(
            [IRCBUS, "serve", "--config", str(self.directory / "ircbus.toml")],
            cwd=self.directory,
        )

    def password_file(self, password: Optional[str]) -> str:
        if password is None:
            return ""
        assert self.directory
        path = self.directory / "password"
        path.touch(0o600)
        path.write_text(password)
        return str(path)

    def restart(self) -> None:
        self.kill_proc()
        self.port_open = False
        self._start()
        self.wait_for_port()

    def wait_for_services(self) -> None:
        pass  # they are part of the server

    def account(self, name: str, role: str, password: str) -> None:
        assert self.directory
        subprocess.run(
            [IRCBUS, "--config", "ircbus.toml", "--data", "data", "account", "add", name, "--role", role],
            cwd=self.directory,
            input=password + "\n",
            text=True,
            check=True,
            capture_output=True,
        )

    def registerUser(
        self, case: Any, username: str, password: Optional[str] = None
    ) -> None:
        assert password
        self.account(username, "user", password)


def get_irctest_controller_class() -> Type[IrcbusController]:
    return IrcbusController
