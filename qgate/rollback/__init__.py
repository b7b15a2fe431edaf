"""The way back to the classical service, as a runbook."""
