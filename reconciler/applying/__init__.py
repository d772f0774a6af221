"""Carrying a plan out: a walk of its graph where each change starts once its own dependencies have settled.

The change runner is the only code that creates, updates or deletes. It journals each step before it sends
it, verifies the answer, waits until it has settled, and records the result. Org, store and clock are
Protocols: this folder knows neither `remote` nor `store`, and never prints; it emits events.
"""
