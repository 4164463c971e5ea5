"""Writes the golden metadata files of this folder with PyIceberg, an implementation that shares no code with ours.

python -m venv venv && venv/bin/pip install 'pyiceberg[pyarrow,sql-sqlite,pyiceberg-core]==0.12.0' && venv/bin/python metadata.py
"""

import datetime
import tempfile
from pathlib import Path

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import (
    BinaryType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

HERE = Path(__file__).parent
WAREHOUSE = Path(tempfile.mkdtemp()).resolve()
catalog = SqlCatalog("golden", uri="sqlite:///:memory:", warehouse=f"file://{WAREHOUSE}")
catalog.create_namespace("g")


def save(identifier: str, name: str) -> None:
    """The current metadata file, with a warehouse that is nobody's folder."""
    location = catalog.load_table(identifier).metadata_location.removeprefix("file://")
    text = Path(location).read_text().replace(f"file://{WAREHOUSE}", "file:///warehouse")
    (HERE / name).write_text(text + "\n")


def append(table, rows) -> None:
    table.append(pyarrow.Table.from_pylist(rows, schema=table.schema().as_arrow()))


def evolved() -> None:
    """Changed in every way that PyIceberg knows."""
    place = StructType(
        NestedField(8, "lat", DoubleType()),
        NestedField(9, "lines", ListType(10, StringType(), element_required=True)),
    )
    weights = StructType(NestedField(14, "weight", DoubleType()))
    table = catalog.create_table(
        "g.evolved",
        schema=Schema(
            NestedField(1, "id", LongType(), required=True),
            NestedField(2, "city", StringType(), doc='where "it" was – Málaga, 東京'),
            NestedField(3, "at", TimestamptzType()),
            NestedField(4, "amount", DecimalType(9, 2)),
            NestedField(5, "count", IntegerType()),
            NestedField(6, "ratio", FloatType()),
            NestedField(7, "place", place),
            NestedField(11, "tags", MapType(12, StringType(), 13, weights, value_required=False)),
            NestedField(15, "key", UUIDType()),
            NestedField(16, "hash", FixedType(4)),
            NestedField(17, "day", DateType()),
            NestedField(18, "t", TimeType()),
            NestedField(19, "b", BinaryType()),
            identifier_field_ids=[1],
        ),
        partition_spec=PartitionSpec(
            PartitionField(3, 1000, DayTransform(), "at_day"),
            PartitionField(1, 1001, BucketTransform(16), "id_bucket"),
        ),
        sort_order=SortOrder(SortField(2, IdentityTransform(), SortDirection.DESC, NullOrder.NULLS_LAST)),
        properties={"owner": "it", "write.metadata.previous-versions-max": "3"},
    )
    days = [datetime.datetime(2026, 1, 1 + i, tzinfo=datetime.timezone.utc) for i in range(2)]
    append(table, [{"id": i, "city": f"x{i}", "at": day} for i, day in enumerate(days)])
    with table.update_schema() as update:
        update.add_column("note", StringType(), "a note")
        update.rename_column("city", "town")
        update.update_column("count", field_type=LongType())
        update.update_column("ratio", field_type=DoubleType())
        update.update_column("amount", field_type=DecimalType(18, 2))
        update.move_first("note")
        update.add_column(("place", "alt"), DoubleType())
    first = table.current_snapshot().snapshot_id
    refs = table.manage_snapshots().create_tag(first, "first", max_ref_age_ms=86400000)
    refs.create_branch(first, "audit", min_snapshots_to_keep=2, max_snapshot_age_ms=3600000).commit()
    table = catalog.load_table("g.evolved")
    append(table, [{"id": 9, "town": "y"}])
    with table.update_schema() as update:
        update.delete_column("b")
    with table.update_spec() as update:
        update.add_field("town", TruncateTransform(3), "town3")
        update.remove_field("at_day")
    table.delete("id = 1")
    save("g.evolved", "pyiceberg-evolved.metadata.json")


def version_1() -> None:
    table = catalog.create_table(
        "g.v1",
        schema=Schema(NestedField(1, "id", LongType()), NestedField(2, "d", DateType())),
        partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "d")),
        properties={"format-version": "1"},
    )
    append(table, [{"id": 1, "d": datetime.date(2026, 1, 1)}])
    save("g.v1", "pyiceberg-version-1.metadata.json")


def empty() -> None:
    catalog.create_table("g.empty", schema=Schema(NestedField(1, "a", StringType())))
    save("g.empty", "pyiceberg-empty.metadata.json")


evolved()
version_1()
empty()
