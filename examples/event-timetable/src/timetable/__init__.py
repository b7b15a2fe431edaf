"""Which of a club's events to hold on which of two evenings."""
