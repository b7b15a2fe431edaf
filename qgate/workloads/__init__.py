"""How each kind of candidate is asked and its answer made into cells: orders out, checked measurements in, no I/O."""
