"""Sound as the networks hear it: the log-mel front end and the audio encoders."""
