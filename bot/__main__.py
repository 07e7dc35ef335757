"""`mynah` and `python -m bot`: the command line.

Spawned workers import this module again, so it imports the commands only when it is run.
"""


def main() -> None:
    """Run the command line and exit with its code."""
    import sys

    from bot.confinement.secrecy import forbid_dumps

    forbid_dumps()  # one would hold the token, keys and recordings
    try:
        from bot.cli.main import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # while it imports; `run` handles those that come later
        sys.exit(130)


if __name__ == "__main__":
    main()
