"""Write `train.npz` and `validation.npz`: six measurements per tumour (`X`) and whether it is malignant (`y`, 1 = malignant).

The source is the Wisconsin diagnostic breast cancer set that ships with scikit-learn. The split is fixed, and the scaler is
fitted on the training rows alone. Six decimals, so that every machine writes the same bytes.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
FEATURES = ("worst radius", "worst texture", "worst smoothness", "worst concavity", "worst concave points", "worst symmetry")
VALIDATION_ROWS = 200
SPLIT_SEED = 2


def main() -> None:
    """Make both files."""
    source = load_breast_cancer()
    columns = [list(source.feature_names).index(name) for name in FEATURES]
    malignant = (source.target == list(source.target_names).index("malignant")).astype(np.int64)
    train, validation, y_train, y_validation = train_test_split(
        source.data[:, columns], malignant, test_size=VALIDATION_ROWS, stratify=malignant, random_state=SPLIT_SEED
    )
    scaler = StandardScaler().fit(train)
    np.savez(HERE / "train.npz", X=scaler.transform(train).round(6), y=y_train)
    np.savez(HERE / "validation.npz", X=scaler.transform(validation).round(6), y=y_validation)


if __name__ == "__main__":
    main()
