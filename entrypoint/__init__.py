"""The Action's door: environment to settings, the call, the exit code."""
