"""Where a verdict is published: GitHub, or files only."""
