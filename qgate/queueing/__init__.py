"""A batching service under load, simulated: arrivals, the queue, and what a request then waits. Numbers in, numbers out."""
