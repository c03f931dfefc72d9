"""What the command line's exit codes mean; 0 is success."""

TRIALS_FAILED = 1
DATA_FAULTY = 1
INPUT_ERROR = 2
INTERRUPTED = 130
