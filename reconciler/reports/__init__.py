"""A plan, a run or a list of problems as text, Markdown or JSON.

The only importer of `rich`. Reports are made from the plan's own data and know no kind, so that a new kind
needs no change here; they compute nothing that is not in what they are given, and read neither org nor
store.
"""
