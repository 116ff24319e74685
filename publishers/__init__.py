"""What is owed, sent: claim, load, write, send, classify, record, schedule."""
