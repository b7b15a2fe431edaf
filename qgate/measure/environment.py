"""The environments that the reached pilots' lockfiles ask for: the bundled one where it has every pin, else one built, once."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from qgate.domain.charter import Charter
from qgate.domain.environment import Environment, Setup
from qgate.domain.limits import Limits
from qgate.errors import MeasurementError
from qgate.measure.inputs import content_of
from qgate.measure.lockfile import Pin, read_pins, requirements, unmet
from qgate.worker import locked

Say = Callable[[str], None]
_UV_LOCK = "uv.lock"
_FIX = (
    "every pin needs a wheel for this Python with one of its hashes, from a package index that the runner reaches "
    "(UV_DEFAULT_INDEX names another); `setup: bundled` measures with qgate's own libraries instead, and says so"
)


@dataclass(frozen=True, kw_only=True)
class Environments:
    """Those of one run, below `scratch`: each is built when the first pilot asks for it, and kept by its pins' digest."""

    root: Path
    scratch: Path
    setup: Setup
    say: Say
    _built: dict[str, Environment] = field(default_factory=dict)

    def of(self, charter: Charter, limits: Limits) -> Limits:
        """The limits with the environment of the head's own lockfile: a change of it is measured with what it changes to.

        Raises:
            MeasurementError: the lockfile cannot be read, or what it pins cannot be had. Never another environment instead.
        """
        path = charter.lockfile
        content = content_of("lockfile", path, self.root) if path else None
        if path is None or content is None:  # which the reproducibility gate says
            return limits
        pins = self._pins(content, path, limits)
        missing = unmet(pins, _installed())
        if self.setup is Setup.BUNDLED or (self.setup is Setup.AUTO and not missing):
            return replace(limits, environment=Environment(unmet=missing))
        return replace(limits, environment=self._locked(pins, path, limits))

    def _pins(self, content: bytes, path: str, limits: Limits) -> tuple[Pin, ...]:
        if Path(path).name != _UV_LOCK:
            return read_pins(content, path)
        beside = str(Path(path).with_name("pyproject.toml"))
        project = content_of("pyproject.toml", beside, self.root)
        if project is None:
            raise MeasurementError(f"{path} has no pyproject.toml beside it, by which alone uv reads it")
        try:
            return read_pins(locked.export(content, project, self._new(), limits), f"uv export of {path}")
        except MeasurementError as error:
            raise MeasurementError(f"{path} cannot be read: {error}") from error

    def _locked(self, pins: tuple[Pin, ...], path: str, limits: Limits) -> Environment:
        text = requirements(pins)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if "numpy" not in {pin.name for pin in pins}:
            raise MeasurementError(f"{path} pins no numpy, in whose arrays a candidate answers\n  fix: add numpy to the lockfile")
        if digest not in self._built:
            self.say(f"building the environment of {path}: {len(pins)} {'library' if len(pins) == 1 else 'libraries'}")
            place = self._new()
            try:
                locked.build(text, place, limits)
            except MeasurementError as error:
                raise MeasurementError(f"the environment of {path} could not be built: {error}\n  fix: {_FIX}") from error
            versions = {pin.name: pin.version for pin in pins}
            self._built[digest] = Environment(directory=place, sha256=digest, versions=versions)
        return self._built[digest]

    def _new(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.scratch))


@contextmanager
def environments(root: Path, setup: Setup, say: Say) -> Iterator[Environments]:
    """For one run; what was built is gone with it."""
    with tempfile.TemporaryDirectory(prefix="qgate-environments-") as scratch:
        Path(scratch).chmod(0o755)  # each environment below opens to workers by itself
        yield Environments(root=root, scratch=Path(scratch), setup=setup, say=say)


def _installed() -> dict[str, str]:
    """The bundled environment: versions by normalised names, the first on the path where there are several."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        found.setdefault(str(canonicalize_name(distribution.name)), distribution.version)
    return found
