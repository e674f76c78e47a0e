"""One real server for all tests of a run, with workers for several sessions at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alchemist

ROOT = Path(__file__).resolve().parents[3]

#: Enough for two sessions of six.
WORKERS = 12


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def server(data_folder: Path) -> Iterator[alchemist.LocalServer]:
    """A server with the example libraries; `server.address` is where it listens."""
    os.environ.setdefault("ALCHEMIST_COMMAND", f"node '{ROOT / 'dist' / 'cli.js'}'")
    arguments = ["--libraries", str(ROOT / "examples" / "libraries"), "--data", str(data_folder), "--memory-per-worker", "256MiB"]
    with alchemist.LocalServer(WORKERS, arguments) as running:
        yield running


@pytest.fixture(scope="module")
def sessions(server: alchemist.LocalServer) -> Iterator[Callable[[int], alchemist.Session]]:
    """`sessions(3)`: a session on three workers, kept for the tests of a module."""
    opened: dict[int, alchemist.Session] = {}

    def session(workers: int) -> alchemist.Session:
        if workers not in opened:
            # One at a time, for the workers of all would not do.
            for other in opened.values():
                other.close()
            opened.clear()
            opened[workers] = alchemist.connect(server.address, workers)
            assert opened[workers].workers == workers
        return opened[workers]

    yield session
    for one in opened.values():
        one.close()


@pytest.fixture
def al(server: alchemist.LocalServer) -> Iterator[alchemist.Session]:
    """A fresh session on four workers."""
    with alchemist.connect(server.address, workers=4) as session:
        yield session


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A real Spark on this machine: a JVM and Python workers, two tasks at once, each of which may fail once."""
    from pyspark.sql import SparkSession

    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "clients" / "python"), os.environ.get("PYTHONPATH", "")])
    settings = {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g", "spark.sql.shuffle.partitions": "4", "spark.default.parallelism": "2",
    }  # fmt: skip
    session = SparkSession.builder.master("local[2, 2]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
