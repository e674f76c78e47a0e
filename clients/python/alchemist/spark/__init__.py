"""
Spark's matrices on an Alchemist server and back: `session.send_spark`, `session.to_spark` and `session.compute_svd`.

Entries never pass through the driver. Spark hands the Python workers of its executors Arrow batches, whose memory is written to the sockets of
the Alchemist workers as it is where vectors are dense; the other way, every partition fetches its own rows or blocks. Each task opens
one connection, to one Alchemist worker, for any worker takes and gives any entries. So the executors must reach the Alchemist workers at the
addresses that the driver uses, and have this package installed.
"""

from .receive import to_spark
from .send import send_spark
from .svd import SingularValueDecomposition, compute_svd

__all__ = ["SingularValueDecomposition", "compute_svd", "send_spark", "to_spark"]
