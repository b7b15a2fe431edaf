"""A locked environment, built by uv before any worker starts: wheels by their hashes, from the runner's own index.

The step that has the network holds no token, no label and no file of the repository but the pins, and runs no code of a package:
a wheel is unpacked, not executed, and archives that would have to be built are refused. It is a private user's, behind Landlock
and seccomp; what it wrote belongs to the judge afterwards, and workers only read it. Nothing of it is ever started outside the
sandbox, its interpreter included, which runs the hooks (`.pth`, `sitecustomize`) that a wheel may bring.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import uv

import qgate
from qgate.domain.limits import Limits
from qgate.errors import MeasurementError
from qgate.worker.child import BINARIES, OURS
from qgate.worker.launch import private_users, sweep
from qgate.worker.sandbox import Policy, open_to_workers

_SECONDS = 900.0
_FILE_BYTES = 4 << 30  # the largest wheels, those with a GPU's libraries, have three
_LAST_LINES = 12
# What uv may see of our environment: where the runner's packages come from, and the way there.
_PASSED_ON = (
    *(
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
        "UV_EXTRA_INDEX_URL",
        "UV_HTTP_TIMEOUT",
        "UV_HTTP_RETRIES",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ),
    *(name for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY") for name in (proxy, proxy.lower())),
)
_WHEELS = ("--require-hashes", "--only-binary", ":all:", "--link-mode", "copy")
_QUIET = ("--no-config", "--no-progress", "--color", "never", "--no-python-downloads")


def build(requirements: str, place: Path, limits: Limits) -> None:
    """Make the environment of these pins below `place`, an empty directory.

    Raises:
        MeasurementError: it cannot be had: no index, no wheel with such a hash, a layer of the sandbox missing that is required.
    """
    open_to_workers(place)
    pins = place / "pins"
    pins.mkdir(mode=0o755)
    (pins / "requirements.txt").write_text(requirements, encoding="utf-8")
    [user] = private_users(1)
    policy = _policy(pins, place, user, limits)
    environment = (place / BINARIES).parent
    _run(policy, [sys.executable, "-I", "-m", "venv", "--without-pip", str(environment)])
    install = ("pip", "install", "--python", str(environment), "--requirement", str(pins / "requirements.txt"))
    _run(replace(policy, network=True), [uv.find_uv_bin(), *install, *_WHEELS, *_QUIET])
    compiling = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(environment / "lib"))
    _run(policy, [sys.executable, "-I", "-S", *compiling], check=False)  # some packages hold files for other Pythons
    _keep(place)


def export(lock: bytes, project: bytes, place: Path, limits: Limits) -> bytes:
    """What a `uv.lock` beside this `pyproject.toml` pins, in pip's format; `place` is an empty directory.

    Raises:
        MeasurementError: uv cannot read them.
    """
    open_to_workers(place)
    pins = place / "pins"
    pins.mkdir(mode=0o755)
    (pins / "uv.lock").write_bytes(lock)
    (pins / "pyproject.toml").write_bytes(project)
    [user] = private_users(1)
    asked = ("export", "--frozen", "--offline", "--no-dev", "--no-emit-workspace", "--no-header", "--no-annotate")
    command = [uv.find_uv_bin(), *asked, *_QUIET, "--quiet", "--python", sys.executable, "--project", str(pins)]
    return _run(_policy(pins, place, user, limits), command).encode()


def _policy(pins: Path, place: Path, user: int | None, limits: Limits) -> Policy:
    scratch = place / "built"
    scratch.mkdir(mode=0o755)
    return Policy(
        tree=str(pins),
        scratch=str(scratch),
        uid=user,
        required=limits.sandbox_required,
        seconds=_SECONDS,
        memory_bytes=limits.memory_bytes,
        file_bytes=_FILE_BYTES,
        open_files=limits.open_files,
        processes=limits.processes,
    )


def _run(policy: Policy, command: Sequence[str], *, check: bool = True) -> str:
    """What a confined program printed; nothing of it is left when this returns."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-m", "qgate.worker.confined", json.dumps(asdict(policy)), *command],
        cwd="/",
        env=_environment(Path(policy.scratch), os.environ if policy.network else {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(timeout=policy.seconds)
    except subprocess.TimeoutExpired:
        raise MeasurementError(f"it took longer than {policy.seconds:g} seconds") from None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # all of it has ended
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if policy.uid is not None:
            sweep(policy.uid)
    if check and child.returncode != 0:
        raise MeasurementError("\n".join(said.strip().splitlines()[-_LAST_LINES:]) or f"it ended with {child.returncode}")
    return said


def _environment(home: Path, passed_on: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the build: an allow-list, as for workers."""
    fixed = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
    cache = {"UV_CACHE_DIR": str(home / "cache")}
    return fixed | cache | {name: passed_on[name] for name in _PASSED_ON if name in passed_on}


def _keep(place: Path) -> None:
    """The environment for workers to read: ours from now on, without what uv fetched it through, and with qgate beside it."""
    built = place / "built"
    subprocess.run(["rm", "-rf", "--", str(built / "cache")], check=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-hR", "0:0", "--", str(built)], check=True)
    subprocess.run(["chmod", "-R", "a+rX,go-w", "--", str(built)], check=True)
    ours = place / OURS
    ours.mkdir(mode=0o755)
    (ours / "qgate").symlink_to(Path(qgate.__file__).parent)
