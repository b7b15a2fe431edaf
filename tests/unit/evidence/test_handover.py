"""An artifact is its author's: every way in which one may lie ends before anything of it is used."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from qgate.domain.canonical import canonical_file
from qgate.errors import MeasurementError
from qgate.evidence import handover
from qgate.evidence.handover import check_arrays, check_evidence, unpack, write_received

ARRAYS = "evidence/00-sorter.npz"
GOOD = {"scope.json": b"{}", "evidence.json": b"{}\n", ARRAYS: b"x"}


def archive(files=GOOD, *, compression=zipfile.ZIP_DEFLATED):
    """A zip of these files; a value may be (content, changes of the entry)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, given in files if isinstance(files, list) else files.items():
            content, changes = given if isinstance(given, tuple) else (given, {})
            entry = zipfile.ZipInfo(name)
            entry.compress_type = compression
            for key, value in changes.items():
                setattr(entry, key, value)
            made.writestr(entry, content)
    return buffer.getvalue()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def npy(header, data=b""):
    """An `.npz` of one member with this header, written by hand."""
    text = header.encode() + b"\n"
    member = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data
    return archive({"a.npy": member})


def test_what_qgate_wrote_comes_back_as_it_was(tmp_path):
    assert unpack(archive()) == GOOD
    assert unpack(archive(compression=zipfile.ZIP_STORED)) == GOOD
    write_received(GOOD, tmp_path)
    assert {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == GOOD


@pytest.mark.parametrize(
    "name",
    [
        *("verdict.json", "comment.md", "report.html", "attestation.dsse.json", "timings.json", ".gitignore"),
        *("../evidence.json", "/etc/passwd", "evidence/../../x.npz", "evidence/../evidence.json", "evidence//00-a.npz"),
        *(
            "evidence\\00-a.npz",
            "evidence/00-a.npz\n",
            "evidence/00-A.npz",
            "evidence/a.npz",
            "evidence/00-a.npy",
            "EVIDENCE.JSON",
        ),
        *("./evidence.json", "evidence/sub/00-a.npz", "evidence/00-a.npz.pth", "evidence.json ", ""),
    ],
)
def test_any_other_name_is_refused(name):
    with pytest.raises(MeasurementError, match=r"no part of the evidence|no archive that can be read"):
        unpack(archive({**GOOD, name: b"x"}))


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o020644, 0o060644, 0o140644])
def test_a_link_or_a_device_is_refused(mode):
    with pytest.raises(MeasurementError, match="is a link or no plain file"):
        unpack(archive({**GOOD, ARRAYS: (b"/etc/passwd", {"external_attr": mode << 16})}))


def test_plain_files_may_have_any_permissions():
    assert unpack(archive({**GOOD, ARRAYS: (b"x", {"external_attr": 0o100644 << 16})})) == GOOD


def test_a_name_that_is_there_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"), pytest.raises(MeasurementError, match="two files of one name"):
        unpack(archive([*GOOD.items(), ("evidence.json", b"{}")]))


def test_a_bomb_is_not_inflated(monkeypatch):
    """A megabyte of zeros is a kilobyte; the bound counts what it would become, before any of it is made."""
    monkeypatch.setattr(handover, "LARGEST_FILE", 1_000_000)
    monkeypatch.setattr(handover, "_inflated", lambda *_: pytest.fail("inflated"))
    bomb = archive({**GOOD, ARRAYS: bytes(1_000_001)})
    assert len(bomb) < 2_000
    with pytest.raises(MeasurementError, match="would inflate to 1,000,0"):
        unpack(bomb)


def test_many_that_are_small_are_too_much_together(monkeypatch):
    monkeypatch.setattr(handover, "LARGEST_TOTAL", 1_000)
    with pytest.raises(MeasurementError, match="would inflate to 1,"):
        unpack(archive({f"evidence/{n:02d}-a.npz": bytes(200) for n in range(6)}))


def test_too_many_files_are_refused():
    with pytest.raises(MeasurementError, match="1,001 files; 1,000 are read at most"):
        unpack(archive({f"evidence/{n:03d}-a.npz": b"" for n in range(1_001)}))


def test_json_has_a_bound_of_its_own(monkeypatch):
    monkeypatch.setattr(handover, "LARGEST_JSON", 100)
    with pytest.raises(MeasurementError, match=r"scope.json has 101 bytes; 100 are read at most"):
        unpack(archive({"scope.json": bytes(101)}))


def test_an_archive_that_lies_about_a_length_is_refused():
    """The directory at the end says 1 byte where the member holds a thousand."""
    content = archive({"scope.json": bytes(1_000)}, compression=zipfile.ZIP_STORED)
    start = content.rindex(b"PK\x01\x02")
    lied = content[: start + 24] + (1).to_bytes(4, "little") + content[start + 28 :]
    with pytest.raises(MeasurementError, match=r"no archive that can be read|is not as long"):
        unpack(lied)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", archive()[:-30], pickle.dumps({"verdict": "pass"})])
def test_what_is_no_archive_is_refused(content):
    with pytest.raises(MeasurementError, match="no archive that can be read"):
        unpack(content)


@pytest.mark.parametrize("changes", [{"flag_bits": 0x1}])
def test_an_encrypted_member_is_refused(changes):
    content = bytearray(archive())
    content[content.index(b"PK\x01\x02") + 8] |= changes["flag_bits"]
    with pytest.raises(MeasurementError, match="is encrypted"):
        unpack(bytes(content))


def test_another_compression_is_refused():
    with pytest.raises(MeasurementError, match="compressed in a way that qgate does not write"):
        unpack(archive(compression=zipfile.ZIP_LZMA))


def test_numbers_text_and_truth_values_are_arrays():
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x", "yz"]), "c": np.array([True]), "d": np.zeros((0,), np.int64)}
    check_arrays(npz(**arrays), "a.npz")
    check_arrays(npz(e=np.asfortranarray(np.ones((2, 3)))), "a.npz")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (npz(a=np.array([{"verdict": "pass"}], dtype=object)), r"no archive of arrays|neither numbers nor text"),
        (npz(a=np.zeros(2, [("x", "f8")])), "neither numbers nor text"),
        (npz(a=np.zeros(2, "S4")), "neither numbers nor text"),
        (npz(a=np.zeros(2, complex)), "neither numbers nor text"),
        (npz(a=np.array([0.0, np.nan])), "a.npy holds a number that is not finite"),
        (npz(a=np.array([np.inf], np.float32)), "not finite"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", bytes(8)), "not as long as its header says"),
        (npy("{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,)}"), "neither numbers nor text"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1)}", bytes(8)), "not as long as its header says"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", bytes(16)), "not as long as its header says"),
        (npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", b"\x07"), "truth value that is neither"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", pickle.dumps([1])), "neither numbers nor text"),
        (npy("__import__('os').system('true')"), "no archive of arrays"),
        (npy("(" * 5_000), "no archive of arrays"),
        (archive({"a.npy": pickle.dumps([1])}), "no archive of arrays"),
        (archive({"a.npy": b""}), "no archive of arrays"),
        (b"\x93NUMPY", "no archive of arrays"),
    ],
)
def test_anything_else_is_no_array(content, words):
    with pytest.raises(MeasurementError, match=words):
        check_arrays(content, "a.npz")


def test_an_array_that_inflates_beyond_the_bound_is_not_read(monkeypatch):
    monkeypatch.setattr(handover, "LARGEST_FILE", 1_000_000)
    with pytest.raises(MeasurementError, match="would inflate to"):
        check_arrays(npz(a=np.zeros(200_000)), "a.npz")


def run_directory(tmp_path, evidence=None, **arrays):
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence.json").write_bytes(canonical_file({"pilots": []}) if evidence is None else evidence)
    for name, content in arrays.items():
        (tmp_path / "evidence" / name).write_bytes(content)
    return tmp_path


def test_evidence_in_canonical_form_with_plain_arrays_is_readable(tmp_path):
    check_evidence(run_directory(tmp_path, **{"00-sorter.npz": npz(a=np.ones(3)), "00-sorter-times.npz": npz(a=np.ones(3))}))


def test_a_directory_without_evidence_is_told_where_it_is_needed(tmp_path):
    check_evidence(tmp_path)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (b"{", "is not JSON that qgate wrote"),
        (b"[" * 100_000, "is not JSON that qgate wrote: RecursionError"),
        (b'{"a":NaN}\n', "is not JSON that qgate wrote"),
        (b'{"a":1e999}\n', "is not JSON that qgate wrote"),
        (b'{"a":1,"a":2}\n', "not in canonical form"),
        (json.dumps({"a": 1}, indent=4).encode(), "not in canonical form"),
        (b"\xff\xfe", "is not JSON that qgate wrote"),
    ],
)
def test_evidence_that_reads_in_two_ways_is_refused(tmp_path, evidence, words):
    with pytest.raises(MeasurementError, match=words):
        check_evidence(run_directory(tmp_path, evidence))


@pytest.mark.parametrize("name", ["module.py", "00-sorter.npy", "00-SORTER.npz"])
def test_a_file_of_somebody_else_among_the_arrays_is_refused(tmp_path, name):
    with pytest.raises(MeasurementError, match="is no file of qgate's"):
        check_evidence(run_directory(tmp_path, **{name: b""}))


def test_evidence_beyond_the_bound_is_not_parsed(tmp_path, monkeypatch):
    monkeypatch.setattr(handover, "LARGEST_JSON", 10)
    with pytest.raises(MeasurementError, match="more than 10 bytes"):
        check_evidence(run_directory(tmp_path, b" " * 11))
