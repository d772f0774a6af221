"""Applying: carries out a plan's changes, and leaves a record of each.

The only part of the house that sends requests which change the org. It knows the org and the store by
Protocols (`model.ports`); what a change means is its kind's business.
"""
