"""Telling two irises apart: a circuit for a device of seven qubits (`irises.circuit`) beside its baseline (`irises.classical`)."""
