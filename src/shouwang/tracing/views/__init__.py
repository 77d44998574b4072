"""Pages of tracing: the tracer's desk, one case, and the state of presence data."""
