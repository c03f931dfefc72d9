"""The reports as a folder of static pages that load nothing from outside."""
