"""The benchmark: each step and the whole way beside ceilings of the same minutes, and every id reconciled.

`run.py` leads. The generator, the receiver and the ceilings are processes of their own (`job.py` is how they are spoken
with), so that their costs are seen apart from what is measured.
"""
