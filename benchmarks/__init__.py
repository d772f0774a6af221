"""The measured claims of docs/performance.md: whole commands as child processes, the org in another one.

`python -m benchmarks` measures and prints; `--write` also puts the figures into the document.
"""
