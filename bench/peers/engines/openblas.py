"""Multiplies the matrices in FOLDER/a and FOLDER/b by NumPy whenever a line says so; the first line printed names the BLAS."""
import sys

import numpy

folder, dtype, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
a, b = (numpy.fromfile(f"{folder}/{name}", dtype).reshape(n, n) for name in "ab")
c = numpy.empty((n, n), dtype)


def blas():
    """OpenBLAS names itself in the maps of the process, whichever way NumPy was linked to it."""
    try:
        with open("/proc/self/maps") as maps:
            found = "openblas" in maps.read().lower()
    except OSError:
        found = "openblas" in str(numpy.show_config(mode="dicts")).lower()
    return "OpenBLAS" if found else "its BLAS"


numpy.matmul(a, b, out=c)
print(f"numpy {numpy.__version__}, {blas()}", flush=True)
for line in sys.stdin:
    if line.strip() == "save":
        c.tofile(f"{folder}/c")
    else:
        numpy.matmul(a, b, out=c)
    print("done", flush=True)
