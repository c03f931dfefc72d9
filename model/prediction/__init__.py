"""Segmenting a video file for people: decoding, clips, and what is written for them to look at."""
