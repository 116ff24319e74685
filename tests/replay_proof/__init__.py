"""The reason to keep raw events, proven: a wrong decoder's day is found, mended and told, by kills undisturbed, while
live events do not notice. A development tool: `python -m tests.replay_proof`."""
