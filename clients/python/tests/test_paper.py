"""The names of the papers, and the notebook of Figure 3 as it is shipped."""

import json

import numpy as np
import pytest
from conftest import ROOT

import alchemist
from alchemist.paper import AlchemistSession

NOTEBOOK = ROOT / "examples" / "python" / "figure-3.ipynb"


def port_of(server):
    return int(server.address.rsplit(":", 1)[1])


def test_every_name(server, rng):
    als = AlchemistSession()
    with pytest.raises(alchemist.ClosedError, match="connect_to_alchemist"):
        als.request_workers(1)
    als.connect_to_alchemist("localhost", str(port_of(server)))
    assert als.connected and len(als.list_alchemist_workers()) == 12 and als.list_assigned_workers() == []
    assert len(als.request_workers(3)) == len(als.list_assigned_workers()) == 3
    assert len(als.list_active_workers()) + len(als.list_inactive_workers()) == 12
    assert "TestLib" in [one["name"] for one in als.list_available_libraries()]
    test_lib = als.load_library("TestLib", "/anywhere/testlib.so")
    x = rng.standard_normal((70, 20))
    handle = als.send_matrix(x, layout="MC_MR")
    assert np.array_equal(als.fetch_matrix(handle), x) and np.array_equal(als.get_array(als.send_array(x)), x)
    by_name = als.run_task(test_lib, "truncated_svd", {"A": handle, "rank": 4})
    S, U, V = test_lib.truncated_svd(handle, 4)
    assert np.allclose(als.fetch_matrix(by_name["S"]), als.fetch_matrix(S), rtol=1e-12)
    assert np.allclose(als.fetch_matrix(S)[::-1, 0], np.linalg.svd(x)[1][:4], rtol=1e-12)
    assert len(als.yield_workers()) == 3
    als.stop()
    als.stop()
    assert not als.connected


def cells():
    return [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]


def test_the_notebook_of_figure_3_does_what_it_shows(server):
    """Its cells one after another, against another server's port; what the last line of each gives is what the notebook shows."""
    names = {}
    for cell in cells():
        source = "".join(cell["source"]).replace("24960", str(port_of(server)))
        shown = ["".join(output["data"]["text/plain"]) for output in cell["outputs"]]
        if not shown:
            exec(source, names)
            continue
        head, expression = source_and_expression(source)
        exec(head, names)
        value = eval(expression, names)
        if isinstance(value, np.ndarray):
            assert np.allclose(value, eval(shown[0], {"array": np.array}), rtol=1e-8)
        elif isinstance(value, dict):
            assert value == eval(shown[0]) and all(value.values())
        else:
            assert repr(value) == shown[0]
    assert names["al_S"].freed is False and not names["als"].connected


def source_and_expression(source):
    """A cell without its last statement, and that: an expression that the notebook shows."""
    import ast

    last = ast.parse(source).body[-1]
    assert isinstance(last, ast.Expr)
    lines = source.split("\n")
    return "\n".join(lines[: last.lineno - 1]), "\n".join(lines[last.lineno - 1 :])


def test_the_notebook_is_executed_and_names_no_machine():
    text = NOTEBOOK.read_text()
    assert [cell["execution_count"] for cell in cells()] == list(range(1, len(cells()) + 1))
    assert not any(found in text for found in ("127.0.0.1", "/home/", "/tmp/", "/root/", "iopub", "Traceback"))
    assert cells()[0]["source"][0].strip() == "from alchemist.paper import AlchemistSession"
