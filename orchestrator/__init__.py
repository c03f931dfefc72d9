"""How experiments run: planning, Ray, storage, MLflow and the command line. The only room that knows the cluster."""
