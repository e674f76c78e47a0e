"""What long calls show, and where."""

import io
import sys
import types

import numpy as np
import pytest

import alchemist
from alchemist import progress

LINE = {"task": "truncatedSvd", "step": 40.0, "steps": 100, "note": "3 of 10 triplets"}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "_SILENT_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN", 0.0)


def test_a_line():
    assert progress.describe(LINE, 2.2) == "truncatedSvd 40 of 100, 3 of 10 triplets, 2 s"
    assert progress.describe({"task": "load", "step": 3}, 0) == "load 3, 0 s"


def test_in_a_terminal_it_is_drawn_on_one_line_and_wiped_away(server, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with alchemist.connect(server.address, 2) as al:
        al.svd(al.normal(500, 400), k=20)
        drawn = sys.stderr.getvalue()
    assert "truncatedSvd" in drawn and "of 20 triplets" in drawn and "\n" not in drawn and drawn.endswith("\r") and drawn.split("\r")[-2].isspace()


def test_transfers_tell_their_bytes(server, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with alchemist.connect(server.address, 2, buffer_size=1 << 20) as al:
        al.send(np.ones((2000, 500))).numpy()
        drawn = sys.stderr.getvalue()
    assert "send 8 of 8 MB" in drawn and "fetch 8 of 8 MB" in drawn and drawn.endswith("\r")


def test_elsewhere_nothing_is_shown(server, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with alchemist.connect(server.address, 2) as al:
        al.svd(al.normal(300, 200), k=5)
        assert sys.stderr.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", Terminal())
    with alchemist.connect(server.address, 2, progress=False) as al:
        al.svd(al.normal(300, 200), k=5)
        assert sys.stderr.getvalue() == ""
        lines = []
        al.svd(al.normal(300, 200), k=5, on_progress=lines.append)
        assert lines[0]["step"] == 1 and sys.stderr.getvalue() == ""


def test_in_a_notebook_it_is_one_output(monkeypatch):
    shown = []

    class Handle:
        def update(self, data, raw):
            shown.append(data["text/plain"])

    def display(data, raw, display_id):
        shown.append(data["text/plain"])
        return Handle()

    class ZMQInteractiveShell:
        pass

    ipython = types.SimpleNamespace(get_ipython=ZMQInteractiveShell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=display))
    assert progress.is_watched()
    line = progress.ProgressLine()
    line(LINE)
    line({**LINE, "step": 41})
    line.close()
    assert [text[:15] for text in shown] == ["truncatedSvd 40", "truncatedSvd 41", ""]
