"""`python -m reconciler`: the same as the command `reconciler`."""


def main() -> None:
    """Run the command line, importing it only now so that importing this module stays free."""
    from reconciler.cli.main import run  # noqa: PLC0415 -- lazily: see the docstring

    run()


if __name__ == "__main__":
    main()
