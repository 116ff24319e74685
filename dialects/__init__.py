"""How an outside party writes, signs and answers: verify, peek, read, write, reply, judge. Pure functions."""
