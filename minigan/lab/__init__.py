"""The lab: a web page that steps through a real training run, forwards and back, down to the line.

    python -m minigan.lab                      # serve the page on this computer, and open it
    python -m minigan.lab --export FOLDER      # write it as a static folder, which needs no server

In reading order: data, settings, game (the run and its history), picture (what the page draws),
recorder (one step, line by line), recording (the same as the page reads it), source, lessons,
experiment (the one object that the page talks to), server, export.
"""
