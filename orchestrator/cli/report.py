"""`combo report`: what is made of stored trials for people."""

from __future__ import annotations

from orchestrator.cli.lazy_group import Verb, lazy_group

app = lazy_group(
    "Rebuild the papers' tables and figures from what is stored.",
    (
        Verb("build", "report_build:build", "Build the tables beside the papers' numbers, and a site around them."),
        Verb("open", "report_open:open_site", "Open a site that was built in the browser."),
        Verb("serve", "report_serve:serve", "Serve the report to this machine as trials end, and the running sweep."),
        Verb("verify", "report_verify:verify", "Recompute every cell, and check every file that a result names."),
        Verb("bundle", "report_bundle:bundle", "Pack tables with all that they follow from into one file."),
        Verb("check", "report_check:check", "List typed numbers of a manuscript that disagree with what is stored."),
        Verb("diff", "report_diff:diff", "Show what differs between trials, experiments, searches or dates."),
        Verb("clips", "report_clips:clips", "Let finished trials predict test clips, for figures."),
    ),
)
