"""What a run writes, reads and prints. There is no mathematics here.

run: Run, which a training loop logs to.  flags: command lines.  finished: the networks of a
finished run.  console: output and signals of a program.  checkpoints, safetensors: files of
weights.  plots: pictures.  files: locks, and files that are written completely or not at all.
results: the scores of finished trials.
"""
