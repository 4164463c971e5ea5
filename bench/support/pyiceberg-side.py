"""PyIceberg on one table, job after job: a line of JSON in, a line out."""

import json
import sys
import time
import uuid

import pyarrow.parquet
from pyiceberg.catalog import CommitTableResponse
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.expressions import And, GreaterThanOrEqual, LessThan
from pyiceberg.serializers import ToOutputFile
from pyiceberg.table import StaticTable, Table
from pyiceberg.table.update import update_table_metadata


class InMemory(NoopCatalog):
    """The pointer is a variable; metadata is written as any catalog writes it."""

    def commit_table(self, table, requirements, updates):
        for requirement in requirements:
            requirement.validate(table.metadata)
        metadata = update_table_metadata(table.metadata, updates)
        location = f"{metadata.location}/metadata/{uuid.uuid4()}.metadata.json"
        ToOutputFile.table_metadata(metadata, table.io.new_output(location), overwrite=False)
        return CommitTableResponse(metadata=metadata, metadata_location=location)


start = StaticTable.from_metadata(sys.argv[1])


def fresh():
    return Table(("bench", "t"), start.metadata, sys.argv[1], start.io, InMemory("bench"))


def plan(job):
    condition = And(GreaterThanOrEqual("c0", job["low"]), LessThan("c0", job["high"]))
    return len(list(fresh().scan(row_filter=condition).plan_files()))


def upsert(job):
    rows = pyarrow.parquet.read_table(job["source"])
    done = fresh().upsert(rows, join_cols=["id"])
    return [done.rows_updated, done.rows_inserted]


for line in sys.stdin:
    job = json.loads(line)
    wall, cpu = time.perf_counter(), time.process_time()
    answer = {"plan": plan, "upsert": upsert}[job["do"]](job)
    cost = {"wall_ms": (time.perf_counter() - wall) * 1000, "cpu_ms": (time.process_time() - cpu) * 1000}
    print(json.dumps({"answer": answer, **cost}), flush=True)
