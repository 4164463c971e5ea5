"""One Spark session that does what it is told: a line of JSON in, a line of JSON out (tests/engines/spark.ts)."""

import json
import os
import sys

# What Java prints must not come between the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

from pyspark.sql import SparkSession

session = (
    SparkSession.builder.master("local[1]")
    .config("spark.jars", sys.argv[1])
    .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "1g")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.warehouse.dir", os.path.join(os.getcwd(), "warehouse"))
    .getOrCreate()
)
session.sparkContext.setLogLevel("ERROR")


def connect(catalog, properties):
    """A catalog of this session, which Spark opens when it is first named."""
    prefix = f"spark.sql.catalog.{catalog}"
    session.conf.set(prefix, "org.apache.iceberg.spark.SparkCatalog")
    for name, value in properties.items():
        session.conf.set(f"{prefix}.{name}", value)


def sql(statement):
    return [row.asDict(recursive=True) for row in session.sql(statement).collect()]


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"value": globals()[asked["operation"]](**asked["arguments"])}
    except Exception as error:  # whatever it is, the test wants to see it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer, default=str), file=answers, flush=True)
session.stop()
