SELECT position FROM position
