"""
Principal components of a Spark data frame, computed by Alchemist: the executors send the rows straight to its workers and fetch the scores from them.

    python examples/python/spark_svd.py [ADDRESS]      # without an address: a server of its own

Needs the extra [spark] of clients/python and Java 17 or newer. The digits are read and centred by Spark. The singular values are compared with those that Spark's
own computeSVD finds.
"""

import sys
from pathlib import Path

import numpy as np
from pyspark.ml.feature import StandardScaler
from pyspark.ml.functions import array_to_vector
from pyspark.mllib.linalg.distributed import RowMatrix
from pyspark.mllib.util import MLUtils
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

import alchemist

DIGITS = Path(__file__).parents[1] / "data" / "digits.npy"


def main(address: str | None) -> None:
    spark = SparkSession.builder.appName("spark_svd").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    images = spark.createDataFrame(enumerate(np.load(DIGITS).astype(float).tolist()), "id long, pixels array<double>")
    vectors = images.select("id", array_to_vector("pixels").alias("image"))
    centred = StandardScaler(withMean=True, withStd=False, inputCol="image", outputCol="centred").fit(vectors).transform(vectors).persist()

    with alchemist.connect(address, workers=3) if address else alchemist.local(workers=3) as al:
        A = al.send_spark(centred, layout="VC_STAR", column="centred", index="id")
        print(A)
        U, S, V = al.svd(A, k=10)
        print("variance explained:", " ".join(f"{share:.3f}" for share in S**2 / al.norm(A) ** 2))

        # What each image is in the ten directions, as a data frame again: its partitions fetch their own rows.
        scores = al.to_spark(A @ V, spark, "dataframe")
        print("the first image:", scores.where(col("id") == 0).first().features.toArray().round(2))

        rows = MLUtils.convertVectorColumnsFromML(centred.select("centred"), "centred")
        theirs = RowMatrix(rows).computeSVD(10)
        print("agrees with Spark:", np.allclose(S.numpy(), theirs.s.toArray(), rtol=1e-9))
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
