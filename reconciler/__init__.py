"""Infrastructure as code for contact-centre orgs: manifests in git, a reviewed plan, an audited apply.

This package is the house; each folder is one floor or one room of it, and its docstring says its job and what
it must not know. Modules import from lower floors only (the contracts are in `pyproject.toml`):

    F6  cli                                          arguments, main
    F5  commands                                     one file per use case, the composition root
    F4  gathering  applying                          reading and writing an org, by Protocols
    F3  manifests  planning  remote  store  reports  neighbours that do not know each other
    F2  kinds                                        everything particular to one kind of resource
    F1  model                                        values and Protocols
    F0  errors  settings                             exceptions with exit codes; frozen settings

`sandbox`, the simulated org, stands beside the house. This module imports nothing, so that the command starts
in the time of the interpreter.
"""

__all__ = ["__version__"]

# The only place that names the version: the build reads it here, and reading it costs no metadata look-up.
__version__ = "0.1.0"
