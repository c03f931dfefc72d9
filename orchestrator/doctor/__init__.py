"""Checks what experiments need: packages, machine, GPUs, collectives, Ray, storage, MLflow, data, weights."""
