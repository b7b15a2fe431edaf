"""Write `train.npz` and `validation.npz`: four measurements per flower (`X`) and whether it is a virginica (`y`, 1 = virginica).

The source is Fisher's iris set that ships with scikit-learn, without the setosas, which anything tells apart. The split is fixed,
and the scaler is fitted on the training rows alone. Six decimals, so that every machine writes the same bytes.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
VALIDATION_ROWS = 50
SPLIT_SEED = 3


def main() -> None:
    """Make both files."""
    source = load_iris()
    names = list(source.target_names)
    kept = source.target != names.index("setosa")
    virginica = (source.target[kept] == names.index("virginica")).astype(np.int64)
    train, validation, y_train, y_validation = train_test_split(
        source.data[kept], virginica, test_size=VALIDATION_ROWS, stratify=virginica, random_state=SPLIT_SEED
    )
    scaler = StandardScaler().fit(train)
    np.savez(HERE / "train.npz", X=scaler.transform(train).round(6), y=y_train)
    np.savez(HERE / "validation.npz", X=scaler.transform(validation).round(6), y=y_validation)


if __name__ == "__main__":
    main()
