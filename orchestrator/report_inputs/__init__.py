"""Gathers what a report is built from and `reports` may not know: data sets, MLflow, Optuna's searches."""
