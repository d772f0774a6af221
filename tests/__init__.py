"""The tests.

`unit` mirrors the package; `simulated` runs against the sandbox org over real HTTP; `cli` runs the command
as a user does; `properties` states the laws that hold for every input; `architecture` checks the house
itself; `docs` makes the documents' examples again.
"""
