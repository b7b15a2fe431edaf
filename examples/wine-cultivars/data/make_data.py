"""Write `train.npz` and `validation.npz`: five measurements per wine (`X`) and its cultivar (`y`, 0 to 2).

The source is the wine recognition set that ships with scikit-learn: 178 wines of one region of Italy, of three cultivars. The split
is fixed, and the scaler is fitted on the training rows alone. Six decimals, so that every machine writes the same bytes.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
FEATURES = ("alcohol", "flavanoids", "color_intensity", "hue", "proline")
VALIDATION_ROWS = 78
SPLIT_SEED = 0


def main() -> None:
    """Make both files."""
    source = load_wine()
    columns = [list(source.feature_names).index(name) for name in FEATURES]
    train, validation, y_train, y_validation = train_test_split(
        source.data[:, columns], source.target, test_size=VALIDATION_ROWS, stratify=source.target, random_state=SPLIT_SEED
    )
    scaler = StandardScaler().fit(train)
    np.savez(HERE / "train.npz", X=scaler.transform(train).round(6), y=y_train)
    np.savez(HERE / "validation.npz", X=scaler.transform(validation).round(6), y=y_validation)


if __name__ == "__main__":
    main()
