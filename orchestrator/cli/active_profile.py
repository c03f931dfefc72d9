"""The global option `--profile`: settings of a place, laid below the environment and the options of the verb."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.plain_text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.profiles.profile import Profile

WITHOUT = ("list", "show", "data", "profile", "up", "down")
"""Verbs for which it does not matter where storage, MLflow and Ray are."""
TRAINING = ("run", "retry", "submit")
VARIABLE = "COMBO_PROFILE"


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"combo {version('combo-lab')}")
        raise typer.Exit


def with_profile(
    context: typer.Context,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            envvar=VARIABLE,
            help="Where storage, data, MLflow and Ray are, see `combo profile`.  [default: the one in use]",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Lays a profile below the environment, before the verb reads either, and says so."""
    if context.invoked_subcommand in WITHOUT:
        return
    from orchestrator.profiles.profile import read_profile
    from orchestrator.profiles.profile_files import find_profile, name_in_use
    from orchestrator.profiles.surroundings import apply

    name = profile or name_in_use()
    if name is None:
        return
    file = find_profile(name)
    settings = read_profile(file)
    found = apply(settings, file, os.environ)
    kept = f"; the environment overrules {', '.join(found.overruled)}" if found.overruled else ""
    print(printable(f"profile {name} ({file}){kept}"), file=sys.stderr)
    context.default_map = option_defaults(settings, file)


def option_defaults(profile: Profile, file: Path) -> dict[str, Any]:
    """Defaults of options that no environment variable sets, by verb."""
    from orchestrator.profiles.profile import expanded

    weights: dict[str, Any] = {}
    if profile.weights is not None:
        backbones = {name: expanded(path, str(file)) for name, path in profile.weights.backbones.items()}
        if profile.weights.vggish:
            weights["vggish_weights"] = str(expanded(profile.weights.vggish, str(file)))
        if backbones:
            weights["backbone_weights"] = [f"{name}={path}" for name, path in backbones.items()]
    defaults: dict[str, Any] = dict.fromkeys(TRAINING, weights)
    defaults["doctor"] = {key: value for key, value in weights.items() if key == "vggish_weights"}
    if profile.ray is not None and profile.ray.jobs:
        defaults["status"] = {"address": os.environ.get("RAY_API_SERVER_ADDRESS", profile.ray.jobs)}
    return defaults
