"""The verdict rendered for each surface. Only this package truncates, and it says what it cut."""
