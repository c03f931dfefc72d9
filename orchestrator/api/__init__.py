"""What Python code and notebooks call; `import combo_lab` is the door to it."""
