"""The words of the house, as values: address, diagnostic, resource, read, step, change, plan, state, event.

Everything here is data or a Protocol: frozen dataclasses, closed enums, and in `ports` the seams through
which upper floors reach an org, a store, a clock or a screen. Nothing here does I/O, and nothing here knows
a kind, a library or a file format.
"""
