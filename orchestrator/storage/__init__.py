"""Where trials lie: a folder, or a bucket that speaks S3."""
