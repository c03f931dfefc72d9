"""MLflow's view of what is stored: written while a sweep runs, made equal to storage by `combo sync`."""
