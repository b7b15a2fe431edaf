"""Which cultivar a wine is of: a quantum kernel (`wines.kernel`) beside its classical baseline (`wines.classical`)."""
