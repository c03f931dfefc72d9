"""Sound as networks get it: the log-mel front end and the audio encoders."""
