"""Arguments in, exit code out: the only folder that knows the command line.

The only importer of `typer`, and the place of the one `asyncio.run`. Heavy modules are imported by the
commands that use them, so that `version` and completion stay quick.
"""
