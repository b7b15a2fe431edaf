"""The classical baseline, which serves today: a logistic regression on the pixels."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def build() -> Pipeline:
    """Return the unfitted baseline; its solver uses no random numbers."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
