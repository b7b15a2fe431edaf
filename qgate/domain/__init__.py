"""The values that flow through the pipeline: frozen, without I/O, each with a JSON form."""
