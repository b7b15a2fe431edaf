"""qgate: gates pull requests of hybrid quantum-classical repositories."""

__version__ = "0.1.0"
