"""A server on this machine for this program alone: started, used and stopped from Python."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Sequence

from .connect import connect
from .errors import RequirementError
from .session import Session

#: How the server is started, such as 'node /path/to/dist/cli.js'; without it: this checkout's, node_modules' or the one on PATH.
COMMAND_VARIABLE = "ALCHEMIST_COMMAND"

_SECONDS_TO_START = 60.0
#: After the end of its standard input, which a fork of this process may still hold open, and after being told to.
_SECONDS_TO_STOP = (3.0, 15.0)


def local(workers: int = 4, *, data: str | None = None, libraries: str | None = None, memory_per_worker: str | None = None, **options: Any) -> Session:
    """
    A session on `workers` workers of a server of its own, which ends with the session, and with this process in whatever way that ends.

    data, libraries: directories of files and of library modules
    memory_per_worker: such as '512MiB'; default 4 GiB shared by all
    options: those of `alchemist.connect`

    RequirementError when there is no Node, or no server for it.
    """
    given = (("--data", data), ("--libraries", libraries), ("--memory-per-worker", memory_per_worker))
    server = LocalServer(workers, [part for name, value in given if value is not None for part in (name, value)])
    try:
        session = connect(server.address, workers, **options)
    except BaseException:
        server.stop()
        raise
    session.ends_with(server.stop)
    return session


class LocalServer:
    """A server on free ports of the loopback interface; `arguments` are further ones of `alchemist serve`. Ends with a `with`."""

    def __init__(self, workers: int, arguments: Sequence[str] = ()):
        self._owner = os.getpid()
        self._folder = tempfile.TemporaryDirectory(prefix="alchemist-")
        written = Path(self._folder.name) / "address.json"
        log = Path(self._folder.name) / "server.log"
        command = [
            *server_command(), "serve", "--port", "0", "--workers", str(workers), "--until-stdin-ends",
            "--address-file", str(written), "--log-file", str(log), *arguments,
        ]  # fmt: skip
        with open(log, "ab") as said:
            # A session of its own, so that Ctrl-C cancels a call and does not stop the server.
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True)
        try:
            self.address = self._ready(written, log)
        except BaseException:
            self.stop()
            raise

    def _ready(self, written: Path, log: Path) -> str:
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline:
            if written.exists() and (text := written.read_text()).endswith("\n"):
                return str(json.loads(text)["url"])
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RequirementError(f"the server did not start: {log.read_text(errors='replace')[-2000:].strip() or 'it said nothing'}")

    def stop(self) -> None:
        """Ends all of its sessions and waits for its end; harmless when it has ended."""
        if os.getpid() != self._owner:
            return
        if self._process.stdin:
            self._process.stdin.close()
        for seconds, end in zip(_SECONDS_TO_STOP, (self._process.terminate, self._process.kill)):
            try:
                self._process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                end()
        self._process.wait()
        self._folder.cleanup()

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


def server_command() -> list[str]:
    """How to start the command `alchemist`. RequirementError when it, or Node, is not there."""
    chosen = os.environ.get(COMMAND_VARIABLE)
    if chosen:
        return shlex.split(chosen)
    node = shutil.which("node")
    if node is None:
        raise RequirementError("a local server needs Node 20.19 or newer, which is not on PATH", hint="install Node, or connect to a server elsewhere")
    for folder in Path(__file__).resolve().parents:
        if (folder / "dist" / "cli.js").exists() and (folder / "asconfig.json").exists():
            return [node, str(folder / "dist" / "cli.js")]
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (script := folder / "node_modules" / "alchemist-node" / "dist" / "cli.js").exists():
            return [node, str(script)]
    if command := shutil.which("alchemist"):
        return [command]
    raise RequirementError("the server, the npm package alchemist-node, is not there", hint=f"npm install alchemist-node, or set {COMMAND_VARIABLE}")
