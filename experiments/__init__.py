"""What is asked: experiments as data, their expansion into trials, and the identity of a trial."""
