"""The command line, and the only place that wires parts into processes."""
