"""Find the angles of the timetable's QAOA; write `weights/angles.npz` and what they reach, `weights/training.json`.

BFGS on the expected energy, which is simulated exactly: the phases are those of the energies of all 16,384 states. The search
begins at a linear ramp, so that it needs no luck and no seed.

    PYTHONPATH=src python training/train.py
"""

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from timetable.model import events, qubo

ROOT = Path(__file__).parents[1]
LAYERS = 4
RAMP = 0.8  # its length: in units of the energies' spread for gammas, in radians for betas

Array = npt.NDArray[np.float64]


def energies() -> Array:
    """Return the energy of each timetable; the first event is the most significant bit."""
    names = events()
    bits = np.arange(2 ** len(names))[:, None] >> np.arange(len(names))[::-1] & 1
    coefficients, offset = qubo()
    total = np.full(len(bits), offset)
    for (first, second), value in coefficients.items():
        total += value * bits[:, names.index(first)] * bits[:, names.index(second)]
    return total


def probabilities(energy: Array, gammas: Array, betas: Array) -> Array:
    """Return the probability of each timetable after the layers."""
    state = np.full(len(energy), len(energy) ** -0.5, dtype=np.complex128)
    for gamma, beta in zip(gammas, betas, strict=True):
        state = state * np.exp(-1j * gamma * energy)
        for wire in range(len(events())):
            cube = state.reshape(2**wire, 2, -1)
            state = (np.cos(beta) * cube - 1j * np.sin(beta) * cube[:, ::-1]).reshape(-1)
    return np.abs(state) ** 2


def train(energy: Array) -> tuple[Array, Array]:
    """Return the best gammas and betas."""
    spread = energy.std()

    def mean(point: Array) -> float:
        return float(probabilities(energy, point[:LAYERS] / spread, point[LAYERS:]) @ energy) / spread

    share = (np.arange(LAYERS) + 0.5) / LAYERS
    best = minimize(mean, np.concatenate([RAMP * share, -RAMP * (1 - share)]), method="BFGS", options={"gtol": 1e-6}).x
    return (best[:LAYERS] / spread).round(6), best[LAYERS:].round(6)


def main() -> None:
    """Train and write both files."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "weights", help="the directory to write to")
    out = parser.parse_args().out
    energy = energies()
    gammas, betas = train(energy)
    found = probabilities(energy, gammas, betas)
    np.savez(out / "angles.npz", gammas=gammas, betas=betas)
    reached = {
        "mean_energy": round(float(found @ energy), 4),
        "random_energy": round(float(energy.mean()), 4),
        "least_energy": float(energy.min()),
        "optimal_share": round(float(found[energy == energy.min()].sum()), 6),
    }
    (out / "training.json").write_text(json.dumps(reached, indent=2) + "\n")


if __name__ == "__main__":
    main()
