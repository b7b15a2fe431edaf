"""Triage of breast tumours: a hybrid candidate (`triage.circuit`) beside its classical baseline (`triage.classical`)."""
