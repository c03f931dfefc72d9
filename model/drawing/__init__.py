"""Pictures for people: what training and prediction show in the same way."""
