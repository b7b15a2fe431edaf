"""A gate's numbers as pictures, drawn by matplotlib; imported only where there is something to draw."""
