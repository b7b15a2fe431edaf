"""What a measurement follows from, as digests: equal content, equal measurement. What might matter counts as well."""

import hashlib
import os
import platform
import stat
import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import qgate
from qgate.domain.canonical import canonical_json
from qgate.domain.charter import Charter
from qgate.domain.work import Answer, Array, WorkOrder
from qgate.measure.jobs import splits, task
from qgate.worker.preload import environment
from qgate.worker.protocol import pack
from qgate.workloads.dataset import Dataset


def tree_digest(root: Path) -> str:
    """SHA-256 (hex) of every file below `root`: its path, whether it can be executed, its bytes; of a link, where it leads."""
    digest = hashlib.sha256()
    for top, directories, files in os.walk(root):
        directories.sort()
        links = [name for name in directories if Path(top, name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(top, name)
            kind, content = _kind_and_content(path)
            for part in (os.fsencode(path.relative_to(root)), kind, content):
                digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _kind_and_content(path: Path) -> tuple[bytes, bytes]:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return b"link", os.fsencode(path.readlink())
    return (b"executable" if mode & stat.S_IXUSR else b"file"), path.read_bytes()


def order_digest(order: WorkOrder) -> str:
    """SHA-256 (hex) of the order's whole frame: entry point, options, shots, seeds, features, and labels to train on."""
    return hashlib.sha256(pack({"kind": order.kind, "value": dict(order.value)}, order.arrays)).hexdigest()


def answer_digest(answer: Answer) -> str:
    """SHA-256 (hex) of what a worker answered: for a described candidate its tapes, with their parameters."""
    return hashlib.sha256(pack(dict(answer.value), answer.arrays)).hexdigest()


def reading(charter: Charter, data: Mapping[str, Dataset]) -> dict[str, Any]:
    """All that the judge reads an answer by: the candidate's section, the shots, the splits, the data with its labels."""
    return {
        "candidate": asdict(charter.candidate),
        "shots": asdict(charter.shots),
        "splits": splits(charter),
        "task": str(task(charter)),
        "data": {split: [_array_digest(found.features), _array_digest(found.labels)] for split, found in data.items()},
    }


def _array_digest(array: Array) -> str:
    head = f"{array.dtype.str}:{array.shape}\n".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()


@cache
def surroundings() -> str:
    """SHA-256 (hex) of what measures: qgate's own source, Python, every installed distribution, the platform, the processor.

    The processor, because the last bits of a sum follow from its vector units: runners of one label are not all of one kind.
    """
    return hashlib.sha256(
        canonical_json(
            {
                "qgate": source_digest(Path(qgate.__file__).parent),
                "python": [sys.implementation.name, platform.python_version()],
                "platform": [platform.system(), platform.machine(), *platform.libc_ver()],
                "processor": _processor(),
                "installed": sorted({p.name for place in sys.path for p in Path(place).glob("*.*-info")}),
                "worker": environment(Path("/"), 0, os.environ),
            }
        )
    ).hexdigest()


def source_digest(package: Path) -> str:
    """SHA-256 (hex) of a package's Python files: in a checkout the version alone says too little."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _processor() -> list[str]:
    """The first processor's name and features, where Linux tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").partition("\n\n")[0].splitlines()
    except OSError:
        return [platform.processor()]
    return [
        line for line in lines if line.partition("\t")[0] in {"vendor_id", "model", "model name", "flags", "Features", "CPU part"}
    ]
