"""Joins this machine to the Ray of a lab server until it is ended: `join_lab.py PROFILE HEAD:PORT [more of ray start]`.

The profile is a person's own, or the one of `combo up --ray`. Trials on this machine find the S3 store by it.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from experiments.errors import InputError
from orchestrator.profiles.profile import read_profile
from orchestrator.profiles.surroundings import apply
from orchestrator.sweep.authentication import use_given_token


def main() -> None:
    """Sets what a profile says, and becomes `ray start`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("profile", type=Path)
    parser.add_argument("head", metavar="HEAD:PORT")
    given, options = parser.parse_known_args()
    try:
        apply(read_profile(given.profile), given.profile, os.environ)
        use_given_token()
    except InputError as error:
        parser.error(str(error))
    ray = Path(sys.executable).with_name("ray")
    os.execv(ray, [str(ray), "start", "--block", f"--address={given.head}", "--disable-usage-stats", *options])


if __name__ == "__main__":
    main()
