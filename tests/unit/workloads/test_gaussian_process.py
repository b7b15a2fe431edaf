"""Gaussian processes on precomputed kernels equal scikit-learn's own on the kernel's function."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from qgate.workloads.gaussian_process import Classifier, Indexed, Regressor, covariance

RNG = np.random.default_rng(11)
TRAIN, ASKED = RNG.normal(size=(24, 2)), RNG.normal(size=(9, 2))
NUMBERS = np.sin(TRAIN[:, 0]) + 3.0
CLASSES = np.array(["a", "b"])[(TRAIN[:, 0] > 0).astype(int)]
THREE = np.array([3, 5, 8])[np.digitize(TRAIN[:, 0], [-0.5, 0.5])]
K = RBF(1.0)
GRAM, CROSS = K(TRAIN), K(ASKED, TRAIN)


def test_means_are_scikit_learns():
    own = GaussianProcessRegressor(K, alpha=0.25, optimizer=None, normalize_y=True).fit(TRAIN, NUMBERS)
    np.testing.assert_allclose(Regressor(0.25).fit(GRAM, NUMBERS).predict(CROSS), own.predict(ASKED), atol=1e-10, rtol=0)


def test_two_classes_are_scikit_learns():
    own = GaussianProcessClassifier(ConstantKernel(4.0) * K, optimizer=None).fit(TRAIN, CLASSES)
    model = Classifier(4.0).fit(GRAM, CLASSES)
    np.testing.assert_array_equal(model.predict(CROSS), own.predict(ASKED))
    np.testing.assert_allclose(model.decision_function(CROSS), own.latent_mean_and_variance(ASKED)[0], atol=1e-9, rtol=0)


def test_of_three_classes_each_is_told_from_the_rest():
    model = Classifier(4.0).fit(GRAM, THREE)
    scores = model.decision_function(CROSS)
    for column, one in enumerate((3, 5, 8)):
        own = GaussianProcessClassifier(ConstantKernel(4.0) * K, optimizer=None).fit(TRAIN, one == THREE)
        np.testing.assert_allclose(scores[:, column], own.latent_mean_and_variance(ASKED)[0], atol=1e-9, rtol=0)
    np.testing.assert_array_equal(model.predict(CROSS), np.array([3, 5, 8])[scores.argmax(axis=1)])


def test_each_question_is_about_its_own_rows():
    model = Regressor(0.25).fit(GRAM, NUMBERS)
    whole = model.predict(CROSS)
    np.testing.assert_array_equal(model.predict(CROSS[:4]), whole[:4])
    np.testing.assert_array_equal(model.predict(CROSS), whole)


def test_an_indefinite_kernel_is_fitted_as_the_nearest_covariance():
    noisy = GRAM + np.triu(RNG.normal(0, 0.3, GRAM.shape), 1)
    noisy = np.triu(noisy) + np.triu(noisy, 1).T
    values, vectors = np.linalg.eigh(noisy)
    assert values[0] < -0.5
    np.testing.assert_allclose(covariance(noisy), vectors @ np.diag(np.maximum(values, 0)) @ vectors.T, atol=1e-12)
    assert np.linalg.eigvalsh(covariance(noisy))[0] > -1e-12
    means = Regressor(1e-3).fit(noisy, NUMBERS).predict(CROSS)
    np.testing.assert_allclose(means, Regressor(1e-3).fit(covariance(noisy), NUMBERS).predict(CROSS), rtol=1e-8)
    assert np.isfinite(Classifier(100.0).fit(noisy, CLASSES).decision_function(CROSS)).all()


def test_a_covariance_stays_as_it_is():
    assert covariance(np.eye(3)) is not None
    np.testing.assert_array_equal(covariance(2 * np.eye(3)), 2 * np.eye(3))


def test_there_is_nothing_to_optimise():
    rows = np.zeros((1, 1))
    with pytest.raises(NotImplementedError, match="no parameters to optimise"):
        Indexed(np.eye(1))(rows, eval_gradient=True)
