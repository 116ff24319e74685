"""The one list of parties. Adding a party is a folder, its samples, and a line here."""
