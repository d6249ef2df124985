"""The tests in this folder run the examples."""

from example_runs import data, example, large_data, own_generator, run_example, set_up  # noqa: F401
