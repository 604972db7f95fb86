"""Check the apps of a whole class, each of them a stranger's code."""
