"""Profiles: a small file for each place (laptop, lab, cloud) with the places of storage, data, MLflow and Ray."""
