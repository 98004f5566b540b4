"""Writes __test__/golden/data: small files as NumPy, Arrow and MNIST's makers write them, for the tests of our readers.

Run it in an environment with numpy and pyarrow: python scripts/golden/data.py
What the files hold is a formula, which the tests repeat: entry i of an array is i - 3, divided by 4 where it is a float.
"""

import gzip
import struct
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parents[2] / "__test__" / "golden" / "data"


def entries(shape, dtype):
    numbers = np.arange(np.prod(shape, dtype=int)).reshape(shape) - 3
    if np.dtype(dtype).kind == "f":
        return (numbers / 4).astype(dtype)
    if np.dtype(dtype).kind == "u":
        return (numbers + 3).astype(dtype)
    return (numbers % 2 == 0) if dtype == "?" else numbers.astype(dtype)


def npy():
    for name, shape, dtype in [
        ("f4", (3, 4), "<f4"),
        ("f8-big", (5,), ">f8"),
        ("f2", (2, 3), "<f2"),
        ("i2-big", (2, 3), ">i2"),
        ("i8", (), "<i8"),
        ("u1", (2, 2, 2), "|u1"),
        ("u4", (4,), "<u4"),
        ("bool", (6,), "?"),
        ("empty", (0, 3), "<f4"),
    ]:
        np.save(FOLDER / f"{name}.npy", entries(shape, dtype))
    np.save(FOLDER / "fortran.npy", np.asfortranarray(entries((2, 3, 4), "<f4")))
    with open(FOLDER / "version2.npy", "wb") as file:
        np.lib.format.write_array(file, entries((3, 4), "<f4"), version=(2, 0))
    np.save(FOLDER / "texts.npy", np.array(["a", "b"]))
    np.save(FOLDER / "complex.npy", np.array([1 + 2j]))
    np.save(FOLDER / "beyond.npy", np.array([1, 2**63], dtype="<u8"))


def npz():
    arrays = {"x": entries((3, 4), "<f4"), "labels": entries((3,), "<i8")}
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "compressed.npz", **arrays)


def parquet():
    count = 7
    rows = list(range(count))
    table = pa.table(
        {
            "whole": pa.array([None if i == 2 else i * 10 for i in rows], pa.int64()),
            "part": pa.array([None if i == 3 else i / 4 for i in rows], pa.float64()),
            "single": pa.array([i / 8 for i in rows], pa.float32()),
            "name": pa.array([None if i == 4 else "abc"[i % 3] for i in rows]).dictionary_encode(),
            "flag": pa.array([i % 2 == 0 for i in rows]),
            "moment": pa.array([datetime(2024, 5, 1 + i, 12, 30) for i in rows], pa.timestamp("us")),
            "day": pa.array([date(2024, 2, 26 + i) if i < 4 else date(2024, 3, i - 3) for i in rows]),
        }
    )
    for codec in ["none", "snappy", "gzip", "zstd", "brotli"]:
        pq.write_table(table, FOLDER / f"{codec}.parquet", compression=codec, row_group_size=3)
    pq.write_table(pa.table({"a": [1, 2], "list": [[1], [2, 3]]}), FOLDER / "nested.parquet")
    pq.write_table(pa.table({"big": pa.array([1, 2, 2**60 + 1], pa.int64())}), FOLDER / "beyond.parquet")


def idx():
    def write(name, code, array):
        header = struct.pack(">HBB", 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        content = header + array.tobytes()
        (FOLDER / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)

    write("train-images-idx3-ubyte.gz", 8, entries((4, 3, 5), "|u1"))
    write("train-labels-idx1-ubyte.gz", 8, np.array([5, 0, 4, 1], dtype="|u1"))
    write("plain-idx2-float", 13, entries((2, 3), ">f4"))
    write("plain-idx1-int", 12, entries((4,), ">i4"))


FOLDER.mkdir(exist_ok=True)
npy()
npz()
parquet()
idx()
print(f"{sum(file.stat().st_size for file in FOLDER.iterdir())} bytes in {FOLDER}")
