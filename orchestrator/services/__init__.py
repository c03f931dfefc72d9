"""Services: what a team shares on one machine (MLflow, Postgres, an S3 store, a Ray head), as plain processes."""
