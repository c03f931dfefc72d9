"""What the command line's exit codes mean; 0 is success."""

TRIALS_FAILED = 1
DATA_FAULTY = 1
UNHEALTHY = 1
INPUT_ERROR = 2
BUDGET_REACHED = 3
STORAGE_FULL = 4
STOPPED = 5
INTERRUPTED = 130
