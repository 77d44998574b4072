"""Web: settings, root addresses, the shell every page stands in, and `wiring.py`, where rooms meet.

Owns: login and language, the home page of each role, error pages, static files (vendored front end).
May import: every room below it.
"""
