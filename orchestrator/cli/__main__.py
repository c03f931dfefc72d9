"""The command where it is not installed, as in the working directory of a Ray job: `python -m orchestrator.cli`."""

from orchestrator.cli.app import main

if __name__ == "__main__":
    main()
