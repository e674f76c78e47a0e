"""The example of Spark runs as it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyspark")

ROOT = Path(__file__).resolve().parents[3]


def test_the_principal_components_of_a_data_frame(server):
    environment = {
        **os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "clients" / "python"),
        "PYSPARK_SUBMIT_ARGS": "--master local[2] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 pyspark-shell",
    }  # fmt: skip
    script = ROOT / "examples" / "python" / "spark_svd.py"
    ran = subprocess.run([sys.executable, str(script), server.address], env=environment, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stderr[-3000:]
    said = ran.stdout.splitlines()
    assert said[0].startswith("Matrix 1797×64 [VC,*]") and said[1].startswith("variance explained: 0.149 0.136"), ran.stdout
    assert said[-1] == "agrees with Spark: True"
