"""What outlives a run: prior state, lock, journal and audit trail.

The only importer of `sqlalchemy`. Intent is on disk before its request leaves; result, new prior state and
audit record are committed in one transaction. Secrets never reach a table. Nothing here knows a kind, a
request's meaning or a screen.
"""
