"""What is shown: tables, figures and pages rebuilt from the trial directories in storage, without torch or Ray."""
