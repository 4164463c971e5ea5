"""One PyIceberg that does what it is told: a line of JSON in, a line of JSON out (tests/engines/pyiceberg.ts)."""

import json
import sys
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyiceberg
from pyiceberg.catalog import load_catalog
from pyiceberg.expressions import AlwaysTrue, And, EqualTo, IsNull
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DoubleType, IntegerType, LongType, NestedField, StringType

catalog = None


def rows_of(table, rows):
    """In the table's own columns: what a row does not have is null."""
    schema = table.schema().as_arrow()
    return pa.Table.from_pylist([{f.name: row.get(f.name) for f in schema} for row in rows], schema=schema)


def connect(properties):
    global catalog
    catalog = load_catalog("lake", **properties)
    return pyiceberg.__version__


def create_namespace(name):
    catalog.create_namespace(name)


def list_namespaces():
    return [list(levels) for levels in catalog.list_namespaces()]


def list_tables(namespace):
    return [list(identifier) for identifier in catalog.list_tables(namespace)]


def list_views(namespace):
    return [list(identifier) for identifier in catalog.list_views(namespace)]


def create(table, partitioned=False):
    schema = Schema(
        NestedField(1, "id", LongType(), required=False),
        NestedField(2, "name", StringType(), required=False),
        NestedField(3, "amount", DoubleType(), required=False),
    )
    spec = PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=IdentityTransform(), name="name"))
    catalog.create_table(table, schema, partition_spec=spec if partitioned else PartitionSpec())


def create_as(table, rows):
    data = pa.Table.from_pylist(rows)
    with catalog.create_table_transaction(table, data.schema) as transaction:
        transaction.append(data)


def append(table, rows):
    loaded = catalog.load_table(table)
    loaded.append(rows_of(loaded, rows))


def overwrite(table, rows):
    loaded = catalog.load_table(table)
    loaded.overwrite(rows_of(loaded, rows))


def delete(table, id):
    catalog.load_table(table).delete(EqualTo("id", id))


def update(table, id, amount):
    loaded = catalog.load_table(table)
    found = loaded.scan(row_filter=EqualTo("id", id)).to_arrow().to_pylist()
    with loaded.transaction() as transaction:
        transaction.overwrite(
            rows_of(loaded, [{**row, "amount": amount} for row in found]), overwrite_filter=EqualTo("id", id)
        )


def merge(table, rows):
    loaded = catalog.load_table(table)
    loaded.upsert(rows_of(loaded, rows), join_cols=["id"])


def add_column(table, name):
    with catalog.load_table(table).update_schema() as change:
        change.add_column(name, IntegerType())


def rename_column(table, name, to):
    with catalog.load_table(table).update_schema() as change:
        change.rename_column(name, to)


def drop_column(table, name):
    with catalog.load_table(table).update_schema() as change:
        change.delete_column(name)


def widen_column(table, name):
    with catalog.load_table(table).update_schema() as change:
        change.update_column(name, LongType())


def tag(table, name):
    loaded = catalog.load_table(table)
    loaded.manage_snapshots().create_tag(loaded.current_snapshot().snapshot_id, name).commit()


def set_properties(table, properties):
    with catalog.load_table(table).transaction() as transaction:
        transaction.set_properties(properties)


def rename(table, to):
    catalog.rename_table(table, to)


def drop(table):
    catalog.drop_table(table)


def purge(table):
    catalog.purge_table(table)


def register(table, metadata):
    catalog.register_table(table, metadata)


def read(table, snapshot=None):
    loaded = catalog.load_table(table)
    snapshot_id = None if snapshot is None else int(snapshot)
    rows = loaded.scan(snapshot_id=snapshot_id).to_arrow().to_pylist()
    return sorted(rows, key=lambda row: row["id"])


KEYS = ["id", "name", "day", "moment", "moment_utc", "price", "flag", "code"]


def read_kinds(table, like):
    loaded = catalog.load_table(table)
    given = kind_of(like) if like else {}
    filters = [IsNull(key) if given[key] is None else EqualTo(key, given[key]) for key in KEYS if like]
    rows = loaded.scan(row_filter=And(*filters) if like else AlwaysTrue()).to_arrow().to_pylist()
    return [shown(row) for row in sorted(rows, key=lambda row: row["id"])]


def shown(row):
    def text(value):
        return None if value is None else str(value)

    return {
        **{"id": row["id"], "name": row["name"], "day": text(row["day"]), "moment": text(row["moment"])},
        "moment_utc": row["moment_utc"] and str(row["moment_utc"].replace(tzinfo=None)),
        "price": text(row["price"]),
        "flag": row["flag"] if row["flag"] is None else text(row["flag"]).lower(),
        "code": row["code"],
        "city": row["place"] and row["place"]["city"],
        "tags": None if row["tags"] is None else ",".join(row["tags"]),
        "sizes": None if row["sizes"] is None else dict(row["sizes"]).get("a"),
    }


def kind_of(row):
    def given(name, make):
        return None if row[name] is None else make(row[name])

    return {
        **{"id": row["id"], "name": row["name"], "day": given("day", date.fromisoformat)},
        "moment": given("moment", datetime.fromisoformat),
        "moment_utc": given("moment_utc", lambda text: datetime.fromisoformat(text + "+00:00")),
        "price": given("price", Decimal),
        "flag": given("flag", lambda text: text == "true"),
        "code": row["code"],
        "place": given("city", lambda city: {"city": city}),
        "tags": given("tags", lambda text: text.split(",") if text else []),
        "sizes": given("sizes", lambda size: {"a": size}),
    }


def append_kinds(table, rows):
    loaded = catalog.load_table(table)
    loaded.append(pa.Table.from_pylist([kind_of(row) for row in rows], schema=loaded.schema().as_arrow()))


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"value": globals()[asked["operation"]](**asked["arguments"])}
    except Exception as error:  # whatever it is, the test wants to see it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer, default=str), flush=True)
