"""Writes the golden files of this folder with PyIceberg, an implementation that shares no code with ours.

python -m venv venv && venv/bin/pip install 'pyiceberg[pyarrow]==0.12.0' && venv/bin/python values-and-manifests.py
"""

import base64
import json
import random
import tempfile
import uuid
from decimal import Decimal
from pathlib import Path

from pyiceberg.conversions import to_bytes
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    TruncateTransform,
    YearTransform,
)
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

HERE = Path(__file__).parent
random.seed(20261121)


def text_of(value):
    """A value as JSON: integers as text, bytes in hexadecimal."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, uuid.UUID):
        return {"hex": value.bytes.hex()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, int) and not isinstance(value, bool):
        return {"int": str(value)}
    return value


def random_text():
    alphabet = "abcXYZ 019/+#?&%=éß日本語😀🇫🇷\u0000\uffff\U0010ffff"
    return "".join(random.choice(alphabet) for _ in range(random.randrange(0, 24)))


def long():
    return random.choice([random.randrange(-(2**63), 2**63), random.randrange(-1000, 1000)])


def decimal(precision, scale):
    digits = random.randrange(0, 10 ** random.randrange(1, precision + 1))
    return Decimal(random.choice(["", "-"]) + str(digits)).scaleb(-scale)


SOURCES = {
    "int": (IntegerType(), lambda: random.randrange(-(2**31), 2**31)),
    "long": (LongType(), long),
    "decimal(9, 2)": (DecimalType(9, 2), lambda: decimal(9, 2)),
    "decimal(38, 10)": (DecimalType(38, 10), lambda: decimal(28, 10)),
    "date": (DateType(), lambda: random.randrange(-700_000, 800_000)),
    "time": (TimeType(), lambda: random.randrange(0, 86_400_000_000)),
    "timestamp": (TimestampType(), lambda: random.randrange(-62_135_596_800_000_000, 253_402_300_799_000_000)),
    "timestamptz": (TimestamptzType(), lambda: random.randrange(-62_135_596_800_000_000, 253_402_300_799_000_000)),
    "string": (StringType(), random_text),
    "uuid": (UUIDType(), lambda: uuid.UUID(int=random.getrandbits(128))),
    "fixed[7]": (FixedType(7), lambda: random.randbytes(7)),
    "binary": (BinaryType(), lambda: random.randbytes(random.randrange(0, 20))),
}

# Appendix B of the specification.
APPENDIX_B = [
    ("int", 34, 2017239379),
    ("long", 34, 2017239379),
    ("decimal(9, 2)", Decimal("14.20"), -500754589),
    ("date", 17486, -653330422),
    ("time", 81068000000, -662762989),
    ("timestamp", 1510871468000000, -2047944441),
    ("timestamp", 1510871468000001, -1207196810),
    ("timestamptz", 1510871468000000, -2047944441),
    ("timestamptz", 1510871468000001, -1207196810),
    ("string", "iceberg", 1210000089),
    ("uuid", uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7"), 1488055340),
    ("fixed[4]", bytes([0, 1, 2, 3]), -188683207),
    ("binary", bytes([0, 1, 2, 3]), -188683207),
]


def hashes():
    count = 2**31 - 1  # the bucket then is the hash without its sign
    values = []
    for name, (kind, make) in SOURCES.items():
        apply = BucketTransform(count).transform(kind)
        for _ in range(90):
            value = make()
            values.append([name, text_of(value), apply(value)])
    return {"appendix_b": [[n, text_of(v), h] for n, v, h in APPENDIX_B], "random": values, "count": count}


def transforms():
    cases = []

    def add(name, transform, count=40):
        kind, make = SOURCES[name]
        for _ in range(count):
            value = make()
            cases.append([name, str(transform), text_of(value), text_of(transform.transform(kind)(value))])

    for name in ["int", "long", "decimal(9, 2)", "string", "binary"]:
        for width in [1, 3, 10]:
            if name == "int":
                SOURCES["int"] = (IntegerType(), lambda: random.randrange(-(2**31) + 10, 2**31))
            if name == "long":
                SOURCES["long"] = (LongType(), lambda: random.randrange(-(2**63) + 10, 2**63))
            add(name, TruncateTransform(width))
    for name in ["date", "timestamp", "timestamptz"]:
        for transform in [YearTransform(), MonthTransform(), DayTransform()]:
            add(name, transform)
        if name != "date":
            add(name, HourTransform())
    return cases


def humans():
    """Partition values as people see them, and paths."""
    return [
        ["year", "date", 47, YearTransform().to_human_string(DateType(), 47)],
        ["year", "date", -1, YearTransform().to_human_string(DateType(), -1)],
        ["month", "date", 575, MonthTransform().to_human_string(DateType(), 575)],
        ["month", "date", -1, MonthTransform().to_human_string(DateType(), -1)],
        ["day", "date", 17501, DayTransform().to_human_string(DateType(), 17501)],
        ["day", "date", -1, DayTransform().to_human_string(DateType(), -1)],
        ["hour", "timestamp", 420042, HourTransform().to_human_string(TimestampType(), 420042)],
        ["hour", "timestamp", -1, HourTransform().to_human_string(TimestampType(), -1)],
        ["bucket[16]", "string", 3, BucketTransform(16).to_human_string(StringType(), 3)],
        ["identity", "string", "a/b", IdentityTransform().to_human_string(StringType(), "a/b")],
    ]


def single_values():
    cases = []
    for name, (kind, make) in SOURCES.items():
        for _ in range(10):
            value = make()
            cases.append([name, text_of(value), to_bytes(kind, value).hex()])
    for name, kind, values in [
        ("boolean", BooleanType(), [True, False]),
        ("float", FloatType(), [0.0, -0.0, 1.5, -3.25, float("inf")]),
        ("double", DoubleType(), [0.0, -0.0, 0.1, -1e300, float("-inf")]),
        ("decimal(9, 2)", DecimalType(9, 2), [Decimal("0.00"), Decimal("-0.01"), Decimal("1.27"), Decimal("1.28"), Decimal("-1.28"), Decimal("-1.29")]),
    ]:
        cases += [[name, text_of(v), to_bytes(kind, v).hex()] for v in values]
    return cases


# ── Manifests ───────────────────────────────────────────────────────────────────────────────────────

BIG_ID = 6089378432187437821  # more than 53 bits

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "city", StringType(), required=False),
    NestedField(3, "at", TimestamptzType(), required=False),
    NestedField(4, "amount", DecimalType(10, 2), required=False),
    NestedField(5, "score", DoubleType(), required=False),
    NestedField(6, "key", UUIDType(), required=False),
    NestedField(7, "day", DateType(), required=False),
    NestedField(8, "other amount", DecimalType(10, 2), required=False),
    schema_id=3,
)

SPECS = {
    "none": PartitionSpec(spec_id=0),
    "city": PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "city"), spec_id=1),
    "all": PartitionSpec(
        PartitionField(2, 1000, IdentityTransform(), "city"),
        PartitionField(1, 1001, BucketTransform(16), "id_bucket"),
        PartitionField(3, 1002, DayTransform(), "at_day"),
        PartitionField(3, 1003, HourTransform(), "at hour"),
        PartitionField(4, 1004, TruncateTransform(100), "amount_trunc"),
        PartitionField(5, 1005, IdentityTransform(), "score"),
        PartitionField(6, 1006, IdentityTransform(), "key"),
        PartitionField(7, 1007, MonthTransform(), "day_month"),
        PartitionField(8, 1008, IdentityTransform(), "1 other/amount"),
        spec_id=2,
    ),
}

PARTITIONS = {
    "none": [[]],
    "city": [["a/b"], ["a+b#?&"], ["é=%"], [""], [None]],
    "all": [
        ["Zürich", 7, -1, -24, Decimal("-0.01"), float("nan"), uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7"), 671, Decimal("1.00")],
        [None, 15, 20778, 498672, Decimal("99999999.00"), 1.5, None, -1, None],
    ],
}


def data_file(n, partition, content=DataFileContent.DATA, equality_ids=None):
    return DataFile.from_args(
        content=content,
        file_path=f"s3://bucket/table/data/é {n}.parquet",
        file_format="PARQUET",
        partition=Record(*partition),
        record_count=1000 + n,
        file_size_in_bytes=5 * 2**30 + n,
        column_sizes={1: 5 * 2**30, 2: 20},
        value_counts={1: 1000 + n, 2: 1000 + n},
        null_value_counts={1: 0, 2: n},
        nan_value_counts={5: 1},
        lower_bounds={1: to_bytes(LongType(), -n), 2: "".encode(), 4: to_bytes(DecimalType(10, 2), Decimal("-1.28"))},
        upper_bounds={1: to_bytes(LongType(), 2**62 + n), 2: "zürich".encode(), 4: to_bytes(DecimalType(10, 2), Decimal("1.28"))},
        key_metadata=None,
        split_offsets=[4, 2**32 + 4],
        equality_ids=equality_ids,
        sort_order_id=0,
    )


class DeletesWriter(ManifestWriterV2):
    def content(self):
        return ManifestContent.DELETES

    @property
    def _meta(self):
        return {**super()._meta, "content": "deletes"}


def plain(value):
    if isinstance(value, dict):
        return [[k, plain(v)] for k, v in value.items()]
    if isinstance(value, list):
        return [plain(v) for v in value]
    return text_of(value)


def facts(file):
    """What we have to read out of it."""
    names = "content file_path record_count file_size_in_bytes column_sizes value_counts null_value_counts nan_value_counts lower_bounds upper_bounds split_offsets equality_ids sort_order_id"
    found = {name: plain(getattr(file, name)) for name in names.split()}
    found["content"] = int(file.content)
    return found


def manifests(folder):
    io = PyArrowFileIO()
    golden = []

    def keep(name, version, spec_name, codec, entries, deletes=False):
        path = f"{folder}/{name}.avro"
        spec = SPECS[spec_name]
        output = io.new_output(path)
        if deletes:
            writer = DeletesWriter(spec, SCHEMA, output, BIG_ID, codec)
        else:
            writer = write_manifest(version, spec, SCHEMA, output, BIG_ID, codec)
        with writer as opened:
            for entry in entries:
                opened.add_entry(entry)
        manifest = writer.to_manifest_file()
        list_path = f"{folder}/{name}-list.avro"
        with write_manifest_list(version, io.new_output(list_path), BIG_ID, BIG_ID - 1, 9, codec) as lists:
            lists.add_manifests([manifest])
        golden.append(
            {
                "name": name,
                "format_version": version,
                "spec": json.loads(spec.model_dump_json()),
                "manifest": base64.b64encode(Path(path).read_bytes()).decode(),
                "list": base64.b64encode(Path(list_path).read_bytes()).decode(),
                "partitions": [[text_of(v) for v in e.data_file.partition] for e in entries],
                "entries": [
                    {
                        "status": int(e.status),
                        "snapshot_id": str(e.snapshot_id),
                        "sequence_number": e.sequence_number,
                        "file_sequence_number": e.file_sequence_number,
                        "file": facts(e.data_file),
                    }
                    for e in entries
                ],
            }
        )

    def entry(status, file, sequence=None):
        return ManifestEntry.from_args(status=status, snapshot_id=BIG_ID - (0 if sequence is None else 1), sequence_number=sequence, file_sequence_number=sequence, data_file=file)

    for spec_name, partitions in PARTITIONS.items():
        for version, codec in [(1, "null"), (2, "deflate")]:
            files = [data_file(n, p) for n, p in enumerate(partitions)]
            entries = [entry(ManifestEntryStatus.ADDED, f) for f in files]
            if version == 2:
                entries.append(entry(ManifestEntryStatus.EXISTING, data_file(100, partitions[0]), 3))
                entries.append(entry(ManifestEntryStatus.DELETED, data_file(101, partitions[-1]), 4))
            keep(f"{spec_name} v{version} {codec}", version, spec_name, codec, entries)
    keep("zstandard", 2, "city", "zstandard", [entry(ManifestEntryStatus.ADDED, data_file(0, ["x"]))])
    keep(
        "deletes",
        2,
        "city",
        "deflate",
        [
            entry(ManifestEntryStatus.ADDED, data_file(0, ["x"], DataFileContent.POSITION_DELETES)),
            entry(ManifestEntryStatus.ADDED, data_file(1, ["y"], DataFileContent.EQUALITY_DELETES, [1, 2])),
        ],
        deletes=True,
    )
    return {"schema": json.loads(SCHEMA.model_dump_json()), "snapshot_id": str(BIG_ID), "manifests": golden}


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write("hashes.json", hashes())
    write("single-values.json", single_values())
    write("transforms.json", {"values": transforms(), "humans": humans()})
    with tempfile.TemporaryDirectory() as folder:
        write("manifests.json", manifests(folder))
