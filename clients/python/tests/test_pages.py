"""The Python blocks of the documentation do what they say."""

import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

#: A block after its mark, and what the block after `<!-- prints -->` says that it prints.
BLOCK = re.compile(r"<!-- runnable in Python -->\n+```python\n(.*?)```\n(?:[^`]*?<!-- prints -->\n+```\n(.*?)```)?", re.DOTALL)
BLOCKS = [(page, program, prints) for page in ("README.md", "docs/PYTHON.md") for program, prints in BLOCK.findall((ROOT / page).read_text())]


@pytest.mark.parametrize("page, program, prints", BLOCKS, ids=[f"{page}-{k}" for k, (page, *_) in enumerate(BLOCKS)])
def test_block(server, tmp_path, page, program, prints):
    (tmp_path / "block.py").write_text(program)
    ran = subprocess.run([sys.executable, "block.py"], cwd=tmp_path, env={**os.environ, "COLUMNS": "200"}, capture_output=True, text=True, timeout=100)
    assert (ran.returncode, ran.stderr) == (0, "")
    pattern = re.escape(prints.rstrip()).replace("…", r"[^\n]*?") + r"\s*"
    assert re.fullmatch(pattern, ran.stdout), ran.stdout


def test_every_page_has_blocks_and_each_says_what_it_prints():
    assert {page for page, *_ in BLOCKS} == {"README.md", "docs/PYTHON.md"} and all(prints for *_, prints in BLOCKS)
