"""What Spark needs besides itself, looked for when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import ArgumentError, RequirementError


def require_spark() -> None:
    """RequirementError when PySpark or Arrow is not there."""
    for name in ("pyspark", "pyarrow"):
        try:
            import_module(name)
        except ImportError as error:
            raise RequirementError(f"Spark's matrices need {name}: {error}", hint="pip install pyspark pyarrow pandas") from error


def session_of(given: Any) -> Any:
    """The SparkSession of a SparkSession or SparkContext; the active one for None."""
    require_spark()
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    spark = SparkSession.getActiveSession() if given is None else SparkSession(given) if isinstance(given, SparkContext) else given
    if not hasattr(spark, "_jsparkSession"):
        found = "no session is active" if spark is None else f"got {type(spark).__module__}.{type(spark).__name__}"
        raise ArgumentError(f"expected a SparkSession or SparkContext, {found}", hint="SparkSession.builder.getOrCreate(); Spark Connect has no RDDs")
    return spark
