"""The `combo` command: one file per group of verbs, heavy imports inside the verbs."""
