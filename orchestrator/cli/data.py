"""`combo data`: making, checking and preparing data sets."""

from __future__ import annotations

from orchestrator.cli.lazy_group import Verb, lazy_group

app = lazy_group(
    "Make, check and prepare data sets.",
    (
        Verb("check", "data_check:check", "Compare a subset with what it should hold, file by file."),
        Verb("describe", "data_describe:describe", "Declare what a data set of your own holds."),
        Verb("prepare", "data_prepare:prepare", "Make frames and labels of the network's size, and missing log-mels."),
        Verb("maskige", "maskige:maskige", "Make the Maskiges of a proposer for every frame of a subset."),
        Verb("synth", "data_synth:synth", "Write a synthetic AVSBench subset."),
    ),
)
