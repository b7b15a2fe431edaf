"""The classical baseline, which serves today: a logistic regression on the same five features."""

from sklearn.linear_model import LogisticRegression


def build() -> LogisticRegression:
    """Return the unfitted baseline; the features come standardised, and its solver uses no random numbers."""
    return LogisticRegression()
