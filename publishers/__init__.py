"""What is owed, sent: claimed, written, sent, classified, recorded, scheduled. One callback's way: `deliver.py`."""
