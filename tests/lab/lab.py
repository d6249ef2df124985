"""Helpers for the tests of the lab: call an experiment, and read arrays from its answers."""

import base64
import json

import numpy as np

from minigan.lab.experiment import Experiment


class Lab:
    """An experiment whose calls are methods: lab.step(player="D") returns the frame."""

    def __init__(self, **settings):
        self.experiment = Experiment()
        self.description = self.reset(settings=settings)

    def answer(self, method, **args):
        return json.loads(self.experiment.call(json.dumps({"method": method, "args": args})))

    def __getattr__(self, method):
        def call(**args):
            answer = self.answer(method, **args)
            assert "ok" in answer, answer["error"].get("traceback") or answer["error"]
            return answer["ok"]

        return call


def array(entry):
    data = np.frombuffer(base64.b64decode(entry["base64"]), dtype=np.dtype(entry["dtype"]))
    return data.reshape(entry["shape"])
