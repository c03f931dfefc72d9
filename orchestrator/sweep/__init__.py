"""Trials handed to the cluster together: which, when and where. Ray is known here."""
