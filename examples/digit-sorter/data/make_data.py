"""Write `train.npz` and `validation.npz`: images of the digits 3, 5 and 8 (`X`, 64 pixels from 0 to 16) and the digit (`y`).

The source is the optical digits set that ships with scikit-learn; these three are the ones most easily taken for each other.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
DIGITS = (3, 5, 8)
VALIDATION_ROWS = 180
SPLIT_SEED = 0


def main() -> None:
    """Make both files."""
    source = load_digits()
    wanted = np.isin(source.target, DIGITS)
    images, digits = source.data[wanted], source.target[wanted].astype(np.int64)
    train, validation, y_train, y_validation = train_test_split(
        images, digits, test_size=VALIDATION_ROWS, stratify=digits, random_state=SPLIT_SEED
    )
    np.savez(HERE / "train.npz", X=train, y=y_train)
    np.savez(HERE / "validation.npz", X=validation, y=y_validation)


if __name__ == "__main__":
    main()
