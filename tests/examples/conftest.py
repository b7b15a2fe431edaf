"""The sample pull requests of the demo, gated once for every test that looks at them."""

from datetime import date

import pytest

from qgate.demo import gate_samples

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def shown(tmp_path_factory):
    return {
        (s.sample.example, s.sample.pull): s for s in gate_samples(tmp_path_factory.mktemp("demo"), lambda _: None, today=TODAY)
    }
