"""The platform over HTTP: tokens, retries, paging and rate limits.

The only importer of `httpx`, whose exceptions never leave this folder. A client made for reading cannot
send a request that changes anything. Nothing here knows a kind, a plan or a manifest: requests and answers
are values.
"""
