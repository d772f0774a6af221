"""From desired, prior and live to a plan: pure, synchronous, deterministic.

`diff` is the only importer of `deepdiff`, `graph` the only one of `networkx`. The same inputs give the same
plan and the same fingerprint, whatever the order of files, documents and listings. Nothing here reads a
clock, a file, an environment or an org: what a plan needs comes in as arguments.
"""
