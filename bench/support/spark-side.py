"""Spark on the tables of a folder, job after job: a line of JSON in, a line out."""

import json
import os
import sys
import time

# What Java prints must not come between the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

from pyspark.sql import SparkSession

jars, folder, threads = sys.argv[1:4]
session = (
    SparkSession.builder.master(f"local[{threads}]")
    .config("spark.jars", jars)
    .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
    .config("spark.sql.catalog.bench", "org.apache.iceberg.spark.SparkCatalog")
    .config("spark.sql.catalog.bench.type", "hadoop")
    .config("spark.sql.catalog.bench.warehouse", f"file://{folder}")
    .config("spark.sql.catalog.bench.cache-enabled", "false")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.driver.memory", "3g")
    .config("spark.sql.shuffle.partitions", threads)
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
session.sparkContext.setLogLevel("ERROR")


def merge(job):
    session.read.parquet(job["source"]).createOrReplaceTempView("changes")
    session.sql(
        f"MERGE INTO bench.lake.{job['name']} t USING changes s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )


def count(job):
    return session.table(f"bench.lake.{job['name']}").count()


for line in sys.stdin:
    job = json.loads(line)
    wall, cpu = time.perf_counter(), time.process_time()
    answer = {"merge": merge, "count": count}[job["do"]](job)
    cost = {"wall_ms": (time.perf_counter() - wall) * 1000, "cpu_ms": (time.process_time() - cpu) * 1000}
    print(json.dumps({"answer": answer, **cost}), file=answers, flush=True)
session.stop()
