import sys

import pytest

from qgate.errors import MeasurementError
from qgate.measure.lockfile import Pin, read_pins, requirements, unmet

HASH = f"sha256:{'a' * 64}"


def pins(text):
    return read_pins(text.encode(), "requirements.lock")


def test_pins_as_uv_and_pip_tools_write_them():
    text = f"""# made by a tool
NumPy==2.4.6 \\
    --hash={HASH} \\
    --hash=sha256:{"b" * 64}
    # via pennylane
colorama==0.4.6 ; sys_platform == "win32" \\
    --hash={HASH}
pennylane[extra]==0.45.1 ; python_version >= "3.11"  # the candidate's
"""
    assert pins(text) == (
        Pin(
            name="numpy",
            version="2.4.6",
            requirement="numpy==2.4.6",
            hashes=(HASH, f"sha256:{'b' * 64}"),
            where="requirements.lock:2",
        ),
        Pin(name="pennylane", version="0.45.1", requirement="pennylane[extra]==0.45.1", hashes=(), where="requirements.lock:8"),
    )


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.com/simple",
        "-r other.txt",
        "-e .",
        "x",
        "x>=1",
        "x==1.*",
        "x===1",
        "x==1,!=2",
        "x @ file:///etc/passwd",
        "x @ https://example.com/x-1-py3-none-any.whl",
        "./x-1-py3-none-any.whl",
        "https://example.com/x-1-py3-none-any.whl",
        "x==1 --global-option=y",
        "x==1 ; nonsense == 'y'",
        "x==one",
    ],
)
def test_what_is_no_pin_is_refused_with_its_line(line):
    with pytest.raises(MeasurementError, match=r"^requirements\.lock:2 is no pin"):
        pins(f"numpy==1.0\n{line}\n")


@pytest.mark.parametrize("wrong", ["md5:0123", "sha256:abc", f"SHA256:{'a' * 64}", f"sha256:{'a' * 65}"])
def test_a_hash_of_another_kind_is_refused(wrong):
    with pytest.raises(MeasurementError, match=r"^requirements\.lock:1 has the hash"):
        pins(f"numpy==1.0 --hash={wrong}\n")


@pytest.mark.parametrize("text", ["", "# nothing\n", 'x==1 ; sys_platform == "nowhere"\n'])
def test_a_lockfile_that_pins_nothing_is_an_error(text):
    with pytest.raises(MeasurementError, match=r"^requirements\.lock pins no library"):
        pins(text)


def test_one_library_has_one_pin():
    with pytest.raises(MeasurementError, match=r"^requirements\.lock:2 pins x-y a second time"):
        pins("x_y==1\nX.Y==2\n")


def test_one_pin_for_each_python_is_no_second():
    major, minor = sys.version_info[:2]
    text = f'x==1 ; python_version < "{major}.{minor}"\nx==2 ; python_version >= "{major}.{minor}"\n'
    assert [pin.version for pin in pins(text)] == ["2"]


def test_a_lockfile_of_megabytes_is_not_read():
    with pytest.raises(MeasurementError, match="is larger than"):
        pins("#" * (5 << 20))


def test_what_an_environment_lacks_is_told_with_what_it_has():
    found = pins("numpy==2.0\nscipy==1.0\nrotations==1.5\n")
    assert unmet(found, {"numpy": "2.0.0", "scipy": "1.1"}) == (
        "scipy==1.0 (1.1 is installed)",
        "rotations==1.5 (nothing is installed)",
    )


def test_an_installer_is_given_pins_and_hashes_alone():
    text = f"# a comment\nx[b,a]==1.0 ; python_version > '3' --hash={HASH}\n"
    assert requirements(pins(text)) == f"x[a,b]==1.0 --hash={HASH}\n"


def test_a_pin_without_a_hash_is_not_installed():
    with pytest.raises(MeasurementError, match=r"^requirements\.lock:2 pins y without a hash"):
        requirements(pins(f"x==1 --hash={HASH}\ny==1\n"))
