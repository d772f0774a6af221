"""One file for each use case, and the composition root that gives it its org, store and reports.

A command takes settings and options as values and returns a result with an exit code; it parses no
arguments and writes nothing to a terminal itself.
"""
