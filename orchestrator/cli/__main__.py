"""The command for places where it is not installed, such as the folder that a job starts in."""

from orchestrator.cli.app import main

if __name__ == "__main__":
    main()
