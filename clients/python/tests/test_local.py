"""Servers that Python starts."""

import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest

import alchemist
from alchemist.local import COMMAND_VARIABLE, server_command


def is_running(process):
    return process.poll() is None


def test_a_server_of_ones_own(tmp_path):
    with alchemist.local(workers=3, data=str(tmp_path), grid="3x1") as al:
        assert al.workers == 3 and al.grid.height == 3
        al.save(al.identity(3), "I.npy")
        process = al._ending.peek()[1].__self__._process
        assert is_running(process)
    assert not is_running(process) and np.array_equal(np.load(tmp_path / "I.npy"), np.eye(3))


def test_it_ends_with_a_session_that_nobody_holds():
    al = alchemist.local(1)
    process = al._ending.peek()[1].__self__._process
    del al
    assert not is_running(process)


@pytest.mark.skipif(sys.platform == "win32", reason="processes of POSIX")
def test_it_ends_with_a_program_that_is_killed():
    program = "import alchemist, os; al = alchemist.local(1); print(al._ending.peek()[1].__self__._process.pid, flush=True); os.kill(os.getpid(), 9)"
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    pid = int(killed.stdout)
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        stat = pathlib.Path(f"/proc/{pid}/stat")
        if stat.exists() and ") Z" in stat.read_text():  # It has ended, and nobody has collected it yet.
            return
        time.sleep(0.02)
    raise AssertionError("the server has outlived its program")


def test_what_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv(COMMAND_VARIABLE, raising=False)
    assert server_command()[-1].endswith("cli.js")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(alchemist.RequirementError, match="Node 20.19"):
        alchemist.local()
    monkeypatch.setenv(COMMAND_VARIABLE, f"{sys.executable} -c 'import sys; sys.exit(\"no server here\")'")
    with pytest.raises(alchemist.RequirementError, match="no server here"):
        alchemist.local()
